# shellcheck shell=bash
# An etcd and a kube-apiserver on free loopback ports, in the folder $work; sourced by `kubernetes`.

free_ports() {
  python3 -c '
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))' "$1"
}

start_control_plane() {
  command -v etcd > /dev/null || { echo "no etcd; apt-get install etcd-server" >&2; return 1; }
  local etcd_port peer_port api_port token
  read -r etcd_port peer_port api_port < <(free_ports 3)
  etcd --data-dir "${work:?}/etcd" --listen-client-urls "http://127.0.0.1:$etcd_port" \
    --advertise-client-urls "http://127.0.0.1:$etcd_port" \
    --listen-peer-urls "http://127.0.0.1:$peer_port" > "${work:?}/etcd.log" 2>&1 &
  openssl genrsa -out "${work:?}/accounts.key" 2048 2> /dev/null
  token=$(openssl rand -hex 16)
  echo "$token,admin,admin,system:masters" > "${work:?}/tokens.csv"
  kube-apiserver --etcd-servers="http://127.0.0.1:$etcd_port" --bind-address=127.0.0.1 \
    --secure-port="$api_port" --advertise-address=192.0.2.1 --endpoint-reconciler-type=none \
    --cert-dir="${work:?}/certs" --token-auth-file="${work:?}/tokens.csv" --authorization-mode=RBAC \
    --service-cluster-ip-range=10.0.0.0/24 --service-account-issuer=https://validate.invalid \
    --service-account-key-file="${work:?}/accounts.key" \
    --service-account-signing-key-file="${work:?}/accounts.key" > "${work:?}/api.log" 2>&1 &
  write_kubeconfig "$api_port" "$token"
  await_ready
}

write_kubeconfig() {
  kubectl config set-cluster here --server="https://127.0.0.1:$1" --insecure-skip-tls-verify > /dev/null
  kubectl config set-credentials admin --token="$2" > /dev/null
  kubectl config set-context here --cluster=here --user=admin > /dev/null
  kubectl config use-context here > /dev/null
}

await_ready() {
  local tries
  for ((tries = 0; tries < 120; ++tries)); do
    if [ "$(kubectl get --raw /readyz 2> /dev/null)" = ok ]; then return; fi
    sleep 1
  done
  tail -n 20 "${work:?}/api.log" >&2
  echo "kube-apiserver is not ready after two minutes" >&2
  return 1
}

# The kinds that come from operators, as their modules carry them.
install_resource_definitions() {
  local manager operator
  manager=$(module_folder github.com/cert-manager/cert-manager@v1.21.2)
  operator=$(module_folder github.com/prometheus-operator/prometheus-operator@v0.85.0)
  kubectl apply --server-side \
    -f "$manager/deploy/crds/cert-manager.io_certificates.yaml" \
    -f "$manager/deploy/crds/cert-manager.io_issuers.yaml" \
    -f "$operator/example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml" \
    -f "$operator/example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml"
  kubectl wait --for=condition=Established crd --all --timeout=60s > /dev/null
}

module_folder() { go mod download -json "$1" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p'; }
