# The noop benchmark's Sidekiq side: ruby sidekiq_noop.rb MODE JOBS THREADS OUTPUT, with REDIS_URL in the environment.
#
#   push_many    enqueue JOBS jobs, 1,000 a call
#   push_alone   enqueue JOBS jobs one by one
#   work         run JOBS jobs in one process with THREADS threads; the clock runs from the first job's start to the
#                last job's end, so neither the start of Ruby nor the last job's bookkeeping is counted
#
# Writes the figures to OUTPUT.json and the ids, one a line, to OUTPUT.ids. Logs errors only, as Sidekiq's own load test
# does.

require "json"
require "sidekiq/cli"
require "sidekiq/launcher"

mode, jobs, threads, output = ARGV
JOBS = Integer(jobs)
RAN = []
FINISHED = Thread::Queue.new
# The JSON of the arguments, ["..."], has 200 bytes like ours.
PAYLOAD = "x" * (200 - 4)

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def processor_seconds = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)

class NoopJob
  include Sidekiq::Worker
  sidekiq_options queue: "noop"

  # Appending to an array is atomic in this Ruby.
  def perform(_payload)
    $start ||= now
    RAN << jid
    FINISHED << now if RAN.size == JOBS
  end
end

url = ENV.fetch("REDIS_URL")
Sidekiq.logger.level = Logger::ERROR
Sidekiq.configure_server do |config|
  config.options[:concurrency] = Integer(threads)
  config.redis = {url: url}
  config.options[:queues] << "noop"
end

processor_before = processor_seconds
case mode
when "push_many"
  ids = []
  start = now
  (0...JOBS).step(1_000) do |first|
    count = [1_000, JOBS - first].min
    ids.concat(Sidekiq::Client.push_bulk("class" => NoopJob, "args" => Array.new(count) { [PAYLOAD] }))
  end
  finish = now
when "push_alone"
  start = now
  ids = Array.new(JOBS) { NoopJob.perform_async(PAYLOAD) }
  finish = now
when "work"
  launcher = Sidekiq::Launcher.new(Sidekiq.options)
  launcher.run
  finish = FINISHED.pop
  start = $start
  ids = RAN.dup
else
  abort "no such mode: #{mode}"
end

figures = {seconds: finish - start, processorSeconds: processor_seconds - processor_before}
File.write("#{output}.ids", ids.join("\n") + "\n")
File.write("#{output}.json", JSON.generate(figures))
launcher&.stop
