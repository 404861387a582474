#!/usr/bin/env bash
# Sends a request to the deployer, follows the rollout to its end, and fails unless the new version has all traffic then.
#
#   rollout.sh REQUEST.json [DEPLOYER]
#
# It holds no connection open, so networks that forget a silent one do no harm, and a rollout may take as long as it likes:
# ROLLOUT_MINUTES (60) is how long the script waits, ROLLOUT_POLL (10) how many seconds between two looks.
# It needs the AWS CLI, bash and jq 1.6 or newer, and lambda:InvokeFunction on the deployer.
set -euo pipefail
request=${1:?usage: rollout.sh REQUEST.json [DEPLOYER]} deployer=${2:-meta-deployer}
poll=${ROLLOUT_POLL:-10} looks=$((${ROLLOUT_MINUTES:-60} * 60 / poll))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ask NAME [OPTION...] sends NAME.json, and leaves the answer in NAME.answer. It fails where no answer came.
ask() {
    rm -f "$work/$1.answer"
    aws lambda invoke --function-name "$deployer" --payload "fileb://$work/$1.json" "${@:2}" "$work/$1.answer" > "$work/invoked"
}

# is FILTER says whether the filter holds for the one JSON value of a file; it does not for a file that is none.
is() { jq -es --arg version "${version:-}" "length == 1 and (.[0] | type == \"object\" and ($1))" "$2" > "$work/is" 2>&1; }

# What would be refused, and which version it is where the request names an alias.
jq '.action = "plan"' "$request" > "$work/plan.json"
ask plan
jq . "$work/plan.answer"
if is '.status == "no-op"' "$work/plan.answer"; then exit 0; fi
if ! is '.status == "planned" and .findings == [] and (."new-version" | type == "string")' "$work/plan.answer"; then
    echo "the plan is refused, nothing was touched" >&2
    exit 1
fi
version=$(jq -r '."new-version"' "$work/plan.answer")

jq '{action: "status"} + with_entries(select(.key | IN("function-name", "alias", "alias-name", "role-arn", "external-id", "health-check")))' \
    "$request" > "$work/status.json"
ask status
before=$(jq -r .reason "$work/status.answer")

jq --arg version "$version" '."new-version" = $version | del(.action)' "$request" > "$work/deploy.json"
ask deploy --invocation-type Event

begun=false said=
for ((look = 1; look <= looks; look++)); do
    sleep "$poll"
    if ! ask status || ! is '.status | type == "string"' "$work/status.answer"; then
        continue  # the rollout goes on without us: look again
    fi
    now=$(jq -r '"\(.status): version \(."new-version") at \(.weight) %: \(.reason)"' "$work/status.answer")
    [[ $now == "$said" ]] || echo "$now"
    said=$now
    if is '.status == "idle" and ."new-version" == $version and .weight == 100' "$work/status.answer"; then exit 0; fi
    if is '.status | IN("in-progress", "paused", "awaiting-approval")' "$work/status.answer"; then begun=true; fi
    if is '.status == "held"' "$work/status.answer"; then break; fi
    # Idle again: over. One that has not begun after six minutes was refused: the deployer's log says why.
    if is '.status != "idle"' "$work/status.answer"; then continue; fi
    if $begun || [[ $(jq -r .reason "$work/status.answer") != "$before" ]] || ((look * poll > 360)); then break; fi
done
echo "version $version is not live: ${said:-the deployer was asked and did not answer}" >&2
exit 1
