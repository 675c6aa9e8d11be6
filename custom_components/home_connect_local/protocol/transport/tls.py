"""TLS without certificates: both ends prove that they know the key.

Source: docs/home_connect_local/wire.md §5.1.
"""

import ssl
from typing import Final

from ..errors import UnsupportedError

IDENTITY: Final = "HCCOM_Local_App"
# Forward secrecy first: some hobs refuse all others. A bare PSK would offer suites that encrypt nothing, and
# suites for which the appliance would need a certificate.
CIPHERS: Final = (
    "ECDHE-PSK-CHACHA20-POLY1305"
    ":ECDHE-PSK-AES128-CBC-SHA256"
    ":ECDHE-PSK-AES256-CBC-SHA384"
    ":PSK"
    ":!kRSAPSK"
    ":!eNULL"
)


def psk_context(key: bytes) -> ssl.SSLContext:
    """Build the TLS side of one appliance; may block for some milliseconds.

    Raises UnsupportedError when this Python cannot do it.
    """
    if not ssl.HAS_PSK:
        raise UnsupportedError("this Python has no TLS with pre-shared keys")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # there is none: authenticity comes from the key
    context.set_ciphers(CIPHERS)
    context.set_psk_client_callback(lambda _hint: (IDENTITY, key))
    return context
