"""Makes croniter.txt, the table that CronTableTests checks the pattern's arithmetic against.

Needs Python 3.11 and croniter 7.0.0 from PyPI, in an environment of its own:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install croniter==7.0.0
    /tmp/venv/bin/python make_croniter_table.py > croniter.txt

The zones are read from Zones/, the same files that the test reads, so that a later change of law changes nothing here.

Each row is found twice. `by_rule` asks croniter for the local times alone, without a zone, and turns them into moments
by the rule of docs/cron.md with Python's zoneinfo. `direct` asks croniter for the moments. The rows are those of
`by_rule`; where `direct` says something else, one of these rules must explain it, or the script fails:

1. croniter runs a fixed time of day twice when the clocks show it twice. Here it runs once, the first time.
2. When the clocks change by less than an hour (Lord Howe: half an hour), croniter answers moments at which its own
   pattern does not match, and misses some that do. Rows near such a change are not compared.
3. A pattern with seconds, whose local time is skipped, runs there at the pattern's second after the gap; here at the
   gap's end. Rows of such patterns near a change forward are not compared.

What croniter cannot say, or says by design in another way, is not in the table but tested apart:

4. `#` and `L` in the day of week override a day of month there. Here either field may match, as with all others.
5. It writes the last Friday as `L5` only, and knows no `5L`, `L-3`, `LW`, no mixture of `#` with plain weekdays and no
   `W` inside a list. With a `W` beside a day of week it finds nothing at all.
6. It reads `5-5` as the whole field. Here, as in other crons, that is 5.
7. Where one day field says every day at length (`0-6`) and a star is somewhere in the other (`*/2`), it takes the first
   for a star, which restricts nothing; also where a star is one item of a list. Here only `*` and `?` alone are that.
"""

import random
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, croniter

SEED = 20261121
PATTERNS = 2_100
STARTS = 2
RESULTS = 3
UTC = timezone.utc

here = Path(__file__).parent


def read_zone(name):
    if name == "UTC":
        return UTC
    with open(here / "Zones" / (name.split("/")[1] + ".tzif"), "rb") as file:
        return ZoneInfo.from_file(file, key=name)


ZONES = {name: read_zone(name) for name in ["UTC", "America/Toronto", "Europe/Berlin", "Australia/Lord_Howe"]}
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
DAYS = "SUN MON TUE WED THU FRI SAT".split()

CURATED = [
    "* * * * *", "*/15 * * * *", "0 * * * *", "15 * * * *", "*/7 * * * *", "30 1 * * *", "30 2 * * *", "0 2 * * *",
    "15 2 * * *", "0 0 * * *", "0 3 * * *", "30 */2 * * *", "*/20 1 * * *", "*/20 2 * * *", "30 1,2 * * *",
    "0 1-3 * * *", "59 23 * * *", "* 2 * * *", "* 1 * * *", "*/5 0-23 * * *", "0 */1 * * *", "0 0 29 2 *",
    "0 0 31 * *", "0 0 30 2 *", "0 0 31 4,6 *", "0 0 13 * 5", "0 0 1-31 * 5", "0 0 13 * 0-6", "0 0 */2 * 5",
    "0 0 ? * 1", "0 0 1 * ?", "0 0 L * *", "0 0 L 2 *", "0 0 1,L * *", "0 0 L * 1", "0 0 * * L5", "0 0 * * L0,L3",
    "0 0 * * 5#2", "0 0 * * 1#5", "0 0 * 2 1#5", "0 0 * * fri#3", "0 0 1W * *", "0 0 15W * *", "0 0 28W 2 *",
    "0 0 * * 7", "0 0 * * 5-7", "0 0 * * 7-2", "0 0 * * FRI-MON", "0 0 * * 0-7", "0 22-2 * * *", "50-10/5 * * * *",
    "0 0 * NOV-FEB *", "0 0 25-5 * *", "5/15 * * * *", "10-50/20 * * * *", "0 9-17/2 * * MON-FRI",
    "@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually",
    "* * * * * *", "*/10 * * * * *", "30 * * * * *", "15 30 2 * * *", "0-59/17 59 * * * *",
]


def item(low, high, names=None, wraps=True):
    def word(value):
        if names and random.random() < 0.3:
            name = names[value - low]
            return random.choice([name, name.lower(), name.capitalize()])
        return str(value)

    kind = random.random()
    first, last = random.randint(low, high), random.randint(low, high)
    step = random.randint(1, max(2, (high - low) // 2))
    if kind < 0.45:
        return word(first)
    if kind < 0.55:
        return f"*/{step}"
    if kind < 0.60 and first < high:
        return f"{first}/{step}"
    if first > last and (not wraps or random.random() < 0.7):
        first, last = last, first
    if first == last:
        return word(first)
    if kind < 0.8:
        return f"{word(first)}-{word(last)}"
    if first > last:
        first, last = last, first
    return f"{word(first)}-{word(last)}/{step}"


def field(low, high, star, names=None, wraps=True):
    if random.random() < star:
        return "*"
    return ",".join(item(low, high, names, wraps) for _ in range(random.choice([1, 1, 1, 1, 2, 3])))


def day_of_month():
    kind = random.random()
    if kind < 0.08:
        return random.choice(["L", "L", f"L,{random.randint(1, 28)}"])
    if kind < 0.14:
        return f"{random.randint(1, 31)}W"
    if kind < 0.18:
        return "?"
    return field(1, 31, 0.45, wraps=False)


def day_of_week(day_of_month):
    if day_of_month.endswith("W"):
        return "*"
    kind = random.random()
    is_free = day_of_month in ("*", "?")
    if is_free and kind < 0.1:
        return f"L{random.randint(0, 6)}"
    if is_free and kind < 0.2:
        return f"{random.choice([str(random.randint(0, 6)), random.choice(DAYS)])}#{random.randint(1, 5)}"
    if kind < 0.25:
        return "?"
    return field(0, 6, 0.5, DAYS)


def random_pattern():
    first_day = day_of_month()
    fields = [
        field(0, 59, 0.2), field(0, 23, 0.3), first_day, field(1, 12, 0.6, MONTHS),
        day_of_week(first_day),
    ]
    if random.random() < 0.2:
        fields.insert(0, field(0, 59, 0.3))
    return " ".join(fields)


def has_hidden_star(pattern):
    """Rule 7."""
    expanded = croniter.expand(pattern, second_at_beginning=True)[0]
    texts = {2: pattern.split()[-3], 4: pattern.split()[-1]}
    return any(expanded[index] == ["*"] and text not in ("*", "?") for index, text in texts.items())


def names_hours(pattern):
    """Whether a pattern names hours, and so local times of day."""
    if pattern.startswith("@"):
        return pattern != "@hourly"
    minutes = croniter.expand("* " + pattern.split()[-4] + " * * *")[0][1]
    return minutes != ["*"] and len(set(minutes)) < 24


def take(iterator, count):
    found = []
    try:
        while len(found) < count:
            found.append(iterator.get_next(datetime))
    except CroniterBadDateError:
        pass
    return found


def direct(pattern, zone, start):
    """What croniter itself answers, less what rule 1 takes away."""
    iterator = croniter(pattern, datetime.fromtimestamp(start, zone), second_at_beginning=True)
    found = []
    while len(found) < RESULTS:
        moments = take(iterator, 1)
        if not moments:
            break
        moment = moments[0]
        is_second_pass = moment.fold == 1 and moment.replace(fold=0).utcoffset() != moment.utcoffset()
        if not (names_hours(pattern) and is_second_pass):
            found.append(int(moment.timestamp()))
    return found


def end_of_gap(local, zone):
    """The moment after the gap that a local time falls into."""
    low = int((local.replace(tzinfo=UTC) - timedelta(days=1)).timestamp())
    high = low + 2 * 86_400
    before = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def moments_of(local, zone, fixed):
    """The moments at which a local time counts."""
    both = [int(local.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)]
    exists = [datetime.fromtimestamp(moment, zone).replace(tzinfo=None) == local for moment in both]
    if not any(exists):
        return [end_of_gap(local, zone)] if fixed else []
    return both[:1] if fixed else sorted(set(both))


def by_rule(pattern, zone, start):
    """RESULTS moments after start, in seconds; fewer when croniter finds no more."""
    fixed = names_hours(pattern)
    begin = datetime.fromtimestamp(start, zone).replace(tzinfo=None) - timedelta(seconds=3_601)
    iterator = croniter(pattern, begin, second_at_beginning=True)
    found = set()
    while True:
        locals_ = take(iterator, 1)
        if not locals_:
            return sorted(found)[:RESULTS]
        moments = moments_of(locals_[0], zone, fixed)
        found.update(moment for moment in moments if moment > start)
        ordered = sorted(found)
        # The second passes of earlier local times come within the hour.
        if len(ordered) >= RESULTS and moments and moments[0] > ordered[RESULTS - 1] + 3_600:
            return ordered[:RESULTS]


def is_explained(pattern, zone, start, found):
    """Rules 2 and 3."""
    half_hours = range(start - 86_400, (found[-1] if found else start) + 86_400, 1_800)
    offsets = [datetime.fromtimestamp(second, zone).utcoffset() for second in half_hours]
    changes = {(after - before).total_seconds() for before, after in zip(offsets, offsets[1:])} - {0}
    has_seconds = len(pattern.split()) == 6
    return any(abs(change) < 3_600 or (has_seconds and change > 0) for change in changes)


def transitions(zone):
    """The moments from 2024 to 2027 at which the offset changes."""
    found, moment = [], datetime(2024, 1, 1, tzinfo=UTC)
    while moment.year < 2028:
        following = moment + timedelta(minutes=30)
        if moment.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            found.append(int(following.timestamp()))
        moment = following
    return found


def main():
    random.seed(SEED)
    changes = {name: transitions(zone) for name, zone in ZONES.items()}
    patterns = list(CURATED)
    seen = set(patterns)
    while len(patterns) < PATTERNS:
        pattern = random_pattern()
        if pattern in seen or not croniter.is_valid(pattern, second_at_beginning=True) or has_hidden_star(pattern):
            continue
        seen.add(pattern)
        patterns.append(pattern)
    low, high = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2023, 2033))
    print("# Made by make_croniter_table.py. 'zone start +n +n +n': each n is seconds after the moment before it.")
    differing = 0
    for pattern in patterns:
        print(pattern)
        for number, (name, zone) in enumerate(ZONES.items()):
            for turn in range(STARTS):
                start = random.randint(low, high)
                if turn == 0 and changes[name]:
                    start = random.choice(changes[name]) + random.randint(-30, 10) * 600 + random.randint(-1, 1)
                row, last = [], start
                found, answer = by_rule(pattern, zone, start), direct(pattern, zone, start)
                if found != answer and not is_explained(pattern, zone, start, found):
                    raise SystemExit(f"{pattern} in {name} from {start}: {found}, croniter says {answer}")
                if len(found) < RESULTS and (found or pattern.split()[-1] not in ("*", "?")):
                    raise SystemExit(f"{pattern} in {name} from {start}: croniter finds only {found}")
                differing += found != answer
                for moment in found:
                    row.append(moment - last)
                    last = moment
                print("\t" + " ".join(map(str, [number, start, *row])))
    print(f"{len(patterns)} patterns; {differing} rows explained by rules 2 and 3", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
