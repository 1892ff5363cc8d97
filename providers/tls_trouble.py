"""Why a connection did not come about because of TLS, and what to do about it."""

import re
import ssl

import aiohttp

PLAIN_TO_TLS = "Client sent an HTTP request to an HTTPS server"
"""What a Go server answers to plain HTTP on a TLS port (Go net/http)."""

_REASON = re.compile(r"\[SSL: ([A-Z0-9_]+)\]")

_ALERTS = {
    "CERTIFICATE_REQUIRED": "it wants to see a client certificate",
    "HANDSHAKE_FAILURE": "it ended the handshake; perhaps it wants to see a client certificate",
    "UNKNOWN_CA": "it does not accept the client certificate, which an authority has signed that it does not know",
    "BAD_CERTIFICATE": "it does not accept the client certificate",
    "CERTIFICATE_EXPIRED": "it does not accept the client certificate, which has expired or is not valid yet",
    "CERTIFICATE_UNKNOWN": "it does not accept the client certificate",
}
"""What the server says against the client's certificate (RFC 8446, "Alert Protocol"; the ends of OpenSSL's names)."""


def tls_trouble(error: BaseException, server: str) -> str | None:
    """What is wrong and what to do; None where TLS is not to blame. `server` is "Nomad" or "Consul"."""
    prefix = server.upper()
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _not_accepted(error.certificate_error, prefix)
    reason = _REASON.search(str(getattr(error, "os_error", error)))
    if reason is None:
        return None
    if reason[1] in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return "it does not speak TLS there. Give its address with http://, or the port on which it serves HTTPS."
    for end, text in _ALERTS.items():
        if reason[1].endswith(end):
            files = f"{prefix}_CLIENT_CERT and {prefix}_CLIENT_KEY (or certFile and keyFile)"
            return f"{text}. Name one that it knows in {files}."
    return f"TLS failed ({reason[1].replace('_', ' ').lower()})."


def _not_accepted(error: BaseException, prefix: str) -> str:
    said = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else str(error)
    if "ismatch" in said:
        advice = f"Give the address by a name that is in the certificate, or name one in {prefix}_TLS_SERVER_NAME"
    elif "expired" in said or "not yet valid" in said:
        advice = "Have it renewed, and look at this machine's clock"
    else:
        advice = f"Name the authority that has signed it in {prefix}_CACERT (or caFile)"
    return f"its certificate is not accepted: {said.rstrip('.')}. {advice}."
