"""One channel to all replicas of a service."""
from __future__ import annotations

import ipaddress
from typing import Any, List, Optional, Sequence, Tuple, Union

import grpc

from tact.service_config import service_config
from tact.tls import Tls

Address = Union[str, Sequence[str]]

# What the services take at most, unless their --max-message-mb says otherwise.
MAX_MESSAGE_BYTES = 32 << 20
# A request up to this size is kept, so that it can be sent again.
RETRY_BUFFER_BYTES = 4 << 20
KEEPALIVE_MS = 10_000
KEEPALIVE_TIMEOUT_MS = 5_000


def open_channel(service: str, address: Address, *, tls: Optional[Tls] = None, retries: bool = True,
                 max_message_bytes: int = MAX_MESSAGE_BYTES) -> grpc.Channel:
    """A channel that connects when it is first used. `service` is the full name, `address` as in Client."""
    target = make_target(address)
    options: List[Tuple[str, Any]] = [
        ("grpc.service_config", service_config(service, retries)),
        # The policy above, not one that DNS might hold.
        ("grpc.service_config_disable_resolution", 1),
        ("grpc.enable_retries", int(retries)),
        ("grpc.per_rpc_retry_buffer_size", RETRY_BUFFER_BYTES),
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", max_message_bytes),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        # gRPC waits a minute for the answer to a ping, whatever the keepalive timeout is.
        ("grpc.http2.ping_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        ("grpc.enable_http_proxy", 0),
        # Channels of one process that have the same replicas balance each for itself.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if tls is None:
        return grpc.insecure_channel(target, options)
    name = tls.server_name or _only_host(address)
    if name:
        options.append(("grpc.ssl_target_name_override", name))
    return grpc.secure_channel(target, tls.credentials(), options)


def make_target(address: Address) -> str:
    """gRPC's name for an address: "host:port", "dns:///name:port", or several "ip:port" (a list, or a text with
    commas), which make one round robin. Raises ValueError."""
    parts = _split(address)
    if len(parts) == 1:
        return parts[0]
    versions = {_ip_version(part) for part in parts}
    if len(versions) != 1:
        raise ValueError("address: %s: mixes IPv4 and IPv6; give replicas of one kind, or a DNS name that has "
                         "them all" % ",".join(parts))
    return "ipv%d:%s" % (versions.pop(), ",".join(parts))


def _split(address: Address) -> List[str]:
    parts = address.split(",") if isinstance(address, str) else list(address)
    parts = [part.strip() for part in parts]
    for part in parts:
        if not part or ("/" not in part and not part.rpartition(":")[2].isdigit()):
            raise ValueError('address: expected host:port, found "%s"; e.g. 127.0.0.1:7001' % part)
    if not parts:
        raise ValueError("address: is empty; e.g. 127.0.0.1:7001")
    return parts


def _ip_version(part: str) -> int:
    try:
        return ipaddress.ip_address(_host(part)).version
    except ValueError:
        raise ValueError('address: several replicas are given by IP address, found "%s"; give their addresses, '
                         "or one DNS name that has them all" % part) from None


def _host(part: str) -> str:
    return part.rpartition("/")[2].rpartition(":")[0].strip("[]")


def _only_host(address: Address) -> Optional[str]:
    """With several replicas gRPC would look for all of them in the certificate; each carries the first's name."""
    parts = _split(address)
    return _host(parts[0]) if len(parts) > 1 else None
