#!/bin/sh
# Nightly reports of all studies in a folder; called by cron, see eventstudy.crontab.
#
#   STUDIES   folder of study files (default: studies)
#   REPORTS   folder of the reports (default: reports)
set -u
STUDIES=${STUDIES:-studies}
REPORTS=${REPORTS:-reports}

attempt=1
while :; do
    eventstudy report "$STUDIES"/*.toml --out "$REPORTS" --format html,md --keep 30 --quiet --log-json
    code=$?
    case $code in
        0) exit 0 ;;
        3) echo "some headlines were left out, see the reports" >&2; exit 0 ;;
        4) # A price source was out of reach or limits the rate: try again, three times in all.
           [ "$attempt" -ge 3 ] && exit 4
           attempt=$((attempt + 1))
           sleep "${WAIT:-600}" ;;
        5) exit 0 ;;   # The run before this one is still at it.
        *) exit "$code" ;;
    esac
done
