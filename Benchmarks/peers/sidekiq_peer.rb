# Sidekiq's side of the benchmarks; the command line, the payload and the files are those that peer.py describes.
# CONCURRENCY is its number of threads. Logs errors only, as Sidekiq's own load test does.

require "json"
require "net/http"
require "openssl"
require "sidekiq/cli"
require "sidekiq/launcher"

mode, jobs, concurrency, output = ARGV
JOBS = Integer(jobs)
OUTPUT = output
READY_FILE = ENV.fetch("READY_FILE")
NUMBERS = []
DELAYS = []
FINISHED = Thread::Queue.new

def monotonic(unit = :float_second) = Process.clock_gettime(Process::CLOCK_MONOTONIC, unit)

def processor_seconds = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)

# The JSON of the arguments, ["..."], has 200 bytes like ours, or PAYLOAD_BYTES.
PAYLOAD_BYTES = Integer(ENV.fetch("PAYLOAD_BYTES", "200"))
def payload(number, stamp = 0) = format("%08d%020d", number, stamp).ljust(PAYLOAD_BYTES - 4, "x")

# Where each job posts its payload, signed; by one kept connection of each thread.
DELIVER_URL = ENV["DELIVER_URL"]&.then { |url| URI(url) }
KEY = (0...32).map(&:chr).join.b

def deliver(text)
  message, seconds = "msg_#{text[0, 8]}", Time.now.to_i.to_s
  code = OpenSSL::HMAC.digest("SHA256", KEY, "#{message}.#{seconds}.#{text}")
  http = Thread.current[:http] ||= Net::HTTP.start(DELIVER_URL.host, DELIVER_URL.port)
  response = http.post(
    DELIVER_URL.path, text,
    "Content-Type" => "application/json", "webhook-id" => message, "webhook-timestamp" => seconds,
    "webhook-signature" => "v1,#{[code].pack("m0")}")
  raise "HTTP #{response.code}" unless response.is_a?(Net::HTTPSuccess)
end

def write(seconds, processor = 0, numbers = [], delays = [])
  figures = {seconds: seconds, processorSeconds: processor, numbers: numbers, delayNanoseconds: delays}
  File.write("#{OUTPUT}.part", JSON.generate(figures))
  File.rename("#{OUTPUT}.part", "#{OUTPUT}.json")
end

class NoopJob
  include Sidekiq::Worker
  sidekiq_options queue: "noop"

  # Appending to an array is atomic in this Ruby.
  def perform(text)
    now = monotonic(:nanosecond)
    unless $start
      $start = now
      File.write(READY_FILE, "")
    end
    stamp = text[8, 20].to_i
    DELAYS << now - stamp if stamp > 0
    deliver(text) if DELIVER_URL
    NUMBERS << text[0, 8].to_i
    FINISHED << monotonic(:nanosecond) if NUMBERS.size == JOBS
  end
end

def wait_for_worker
  limit = monotonic + 30
  until File.exist?(READY_FILE)
    abort "no worker ran the first job" if monotonic > limit
    sleep 0.02
  end
  sleep 0.5
end

url = ENV.fetch("REDIS_URL")
Sidekiq.logger.level = Logger::ERROR
Sidekiq.configure_client { |config| config.redis = {url: url} }
Sidekiq.configure_server do |config|
  config.options[:concurrency] = Integer(concurrency)
  config.redis = {url: url}
  config.options[:queues] << "noop"
end

start = monotonic
case mode
when "push_many"
  (0...JOBS).each_slice(1_000) do |share|
    Sidekiq::Client.push_bulk("class" => NoopJob, "args" => share.map { |number| [payload(number)] })
  end
  write(monotonic - start)
when "push_alone"
  JOBS.times { |number| NoopJob.perform_async(payload(number)) }
  write(monotonic - start)
when "pace"
  NoopJob.perform_async(payload(0))
  wait_for_worker
  start = monotonic
  JOBS.times do |number|
    sleep [0, start + number / Float(concurrency) - monotonic].max
    NoopJob.perform_async(payload(number + 1, monotonic(:nanosecond)))
  end
  write(monotonic - start)
when "later"
  NoopJob.perform_async(payload(0))
  wait_for_worker
  first = monotonic + 3
  JOBS.times do |number|
    due = first + number / Float(concurrency)
    NoopJob.perform_in(due - monotonic, payload(number + 1, (due * 1e9).to_i))
  end
  write(monotonic - start)
when "work"
  processor_before = processor_seconds
  launcher = Sidekiq::Launcher.new(Sidekiq.options)
  launcher.run
  finish = FINISHED.pop
  write((finish - $start) / 1e9, processor_seconds - processor_before, NUMBERS.dup, DELAYS.dup)
  launcher.stop
else
  abort "no such mode: #{mode}"
end
