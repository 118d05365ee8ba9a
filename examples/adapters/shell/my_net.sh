#!/usr/bin/env bash
# Drives any program that can repeat its work N times. It needs no clock of its own: the profiler's stamps bound a window.
# Starting the program costs time inside the window, so it is started with as many repeats as fill the time asked.

# Your program goes here: `my_program N BATCH` runs one batch N times and ends with 0 if all went well.
my_program() {
  awk -v n="$1" -v batch="$2" 'BEGIN { for (i = 0; i < n; i++) for (j = 0; j < batch * 64; j++) y += sin(j * 1.5) }'
}

# Stdin and stdout belong to the protocol.
repeat() { my_program "$1" "$batch" </dev/null >&2; }

# Microseconds of a clock, without starting a program for it.
micros() { now=${EPOCHREALTIME/[^0-9]/}; }
field() { local rest=${line#*"\"$1\":"}; rest=${rest%%[,\}]*}; echo "${rest//\"/}"; }
good() { echo "{\"re\":$id,\"ok\":true$1}"; }
bad() { echo "{\"re\":$id,\"ok\":false,\"error\":{\"code\":\"$1\",\"message\":\"$2\"}}"; }

# As many repeats as take at least 0.2 s: how fast the program is.
calibrate() {
  steps=1 took=0
  while :; do
    micros; took=$now
    repeat "$steps" || return
    micros; took=$((now - took))
    [ "$took" -lt 200000 ] || return 0
    steps=$((steps * 2))
  done
}

batch=0
while IFS= read -r line; do
  id=$(field id)
  case $(field op) in
    hello) good ',"nwp":1,"name":"my-net","precisions":["fp32"],"element":"frame"' ;;
    load) if [ "$(field precision)" = fp32 ]; then batch=0; good; else bad UNSUPPORTED 'only fp32'; fi ;;
    prepare)
      batch=$(field batch)
      if calibrate; then good; else bad INTERNAL 'the program failed'; batch=0; fi ;;
    run)
      if [ "$batch" -eq 0 ]; then bad INVALID_INPUT 'run before prepare'; continue; fi
      least=$(field min_iterations) seconds=$(field seconds) n=0 failed=
      whole=${seconds%%.*} part=${seconds#*.}000000; [ "$part" != "${seconds}000000" ] || part=000000
      micros; end=$((now + whole * 1000000 + 10#${part:0:6}))
      while micros; left=$((end - now)); [ "$left" -gt 0 ] || [ "$n" -lt "$least" ]; do
        more=$((left > 0 ? left * steps / took + 1 : 1))
        [ "$more" -ge $((least - n)) ] || more=$((least - n))
        repeat "$more" || { failed=1; break; }
        n=$((n + more))
      done
      if [ "$failed" ]; then bad INTERNAL 'the program failed'
      else good ",\"iterations\":$n,\"elements\":$((n * batch))"; fi ;;
    stop|unload) good ;;
    close) good; exit 0 ;;
    *) bad UNKNOWN_OP "$(field op)" ;;
  esac
done
