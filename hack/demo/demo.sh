#!/usr/bin/env bash
# Copyright 2026 The Waymark Authors
# SPDX-License-Identifier: Apache-2.0
#
# Applies the shop sample to the cluster that kubectl talks to, plays thirty days of the shop through the ingest of its feed, and
# shows what Waymark makes of them. `make demo` brings the cluster and the operator up first. Arguments go to the player; see
# go run ./hack/demo --help. WAYMARK_DEMO_NAMESPACE is where it plays.
set -euo pipefail
cd "$(dirname "$0")/../.."

namespace=${WAYMARK_DEMO_NAMESPACE:-shop}

kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace"
# In the play delivery became free 22 days ago, at midnight in Moscow: the map says so.
since=$(TZ=Europe/Moscow date --date '22 days ago' +%Y-%m-%dT00:00:00+03:00)
kubectl kustomize config/samples/shop | sed "s/since: .*/since: \"$since\"/" | kubectl apply --namespace "$namespace" --filename -
kubectl wait --namespace "$namespace" --for condition=Ready --timeout 3m workspace/default eventfeed/shop funnel/shop \
  messagechannel/shop-mail segment/newcomers segment/best nurturescenario/cart-reminder nurturescenario/payment-help journey/first-purchase

# The feed's address is that of a Service; from outside of the cluster it is reached by the Service's address.
url=$(kubectl get --namespace "$namespace" eventfeed shop --output jsonpath='{.status.http.url}')
service=${url#http://}
service=${service%%.*}
address=$(kubectl get --namespace "$namespace" service "$service" --output jsonpath='{.spec.clusterIP}')
path=/${url#http://*/}
key=$(kubectl get --namespace "$namespace" secret shop-write-key --output jsonpath='{.data.writeKey}' | base64 --decode)

WAYMARK_WRITE_KEY=$key go run ./hack/demo --url "http://$address$path" "$@"

# Numbers are written at most once per half a minute, so the last ones may take that long. When nothing new was sent, as when the demo is
# played again at once, there is nothing to wait for but the time itself.
sent=$(($(date +%s) + 2))
printf 'Waiting for the numbers as of now\n'
patience=$((SECONDS + 45))
fresh() { # says whether the numbers of a resource are as of after the last event was sent
  local evaluated
  evaluated=$(kubectl get --namespace "$namespace" "$1" --output jsonpath='{.status.evaluatedAt}')
  [[ -n "$evaluated" && $(date --date "$evaluated" +%s) -gt "$sent" ]]
}
for resource in funnel/shop journey/first-purchase; do
  until ((SECONDS > patience)) || fresh "$resource"; do sleep 1; done
done

printf '\nThe stages of one of them, from its status:\n'
kubectl get --namespace "$namespace" funnel shop --output go-template='
{{- printf "%-12s %9s %10s %12s %9s %10s  %-10s %s\n" "STAGE" "ENTERED" "CONVERTED" "IN PROGRESS" "DROPPED" "RECOVERED" "CONVERSION" "MEDIAN TO NEXT"}}
{{- range .status.stages}}
{{- printf "%-12s %9v %10v %12v %9v %10v" .name .entered .converted .inProgress .dropped .recovered}}
{{- with .conversion}}{{printf "  %-10s" .percent}}{{else}}{{printf "  %-10s" ""}}{{end}}
{{- with .timeToConvert}}{{printf " %s" .median.text}}{{end}}{{"\n"}}
{{- end}}'

for kind in funnels nurture journeys; do
  printf '\n$ kubectl get %s --namespace %s\n' "$kind" "$namespace"
  kubectl get "$kind" --namespace "$namespace"
done
printf '\nWho left a cart in the last three days enters cart-reminder five minutes after their events came, in case later ones follow.\n'

cat <<END

What to try next:
  export KUBECONFIG=${KUBECONFIG:-} PATH=$(dirname "$(command -v kubectl)"):\$PATH
  kubectl describe funnel shop --namespace $namespace        # every number, and what it means
  kubectl describe journey first-purchase --namespace $namespace   # where, why, and what to do about it
  kubectl explain funnel.spec.stages                    # what else a stage can say
  kubectl edit funnel shop --namespace $namespace            # ask something else; the answer is computed from the same events
  bin/kubectl-waymark simulate --help                   # the same numbers from a file, without a cluster
  make cluster-down                                     # stop the cluster; nothing stays behind
END
