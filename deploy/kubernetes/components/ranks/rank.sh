#!/bin/sh
# A rank above 0. The process ends when a rank is lost (1) and when rank 0 has stopped in good order (0);
# both ways it has to come again, and the Job must count neither as the end of its work.
RANK=$((JOB_COMPLETION_INDEX + 1))
export RANK
trap 'stopped=yes; kill -TERM "$rank" 2>/dev/null' TERM INT
until [ "$stopped" ]; do
  tact-trainer "$@" &
  rank=$!
  wait "$rank"
  sleep 1
done
wait "$rank"
