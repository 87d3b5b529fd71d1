"""Client of tact: generation, toxicity scores, fine-tuning and evaluation over gRPC.

    with tact.Client() as client:
        print(client.policy.generate("Ann: Hello, Ben.").completions[0].text)

Every message that goes in or comes out is one of proto/tact/v1, re-exported by tact.messages.
"""
from tact import messages
from tact.client import Client
from tact.datasets import read_dialogues
from tact.errors import (Aborted, AlreadyExists, Cancelled, DataLoss, DeadlineExceeded, FailedPrecondition,
                         Internal, InvalidArgument, NotFound, PermissionDenied, ResourceExhausted, TactError,
                         Unauthenticated, Unavailable, Unimplemented)
from tact.streams import Stream, TextStream
from tact.tls import Tls

__all__ = [
    "Aborted", "AlreadyExists", "Cancelled", "Client", "DataLoss", "DeadlineExceeded", "FailedPrecondition",
    "Internal", "InvalidArgument", "NotFound", "PermissionDenied", "ResourceExhausted", "Stream", "TactError",
    "TextStream", "Tls", "Unauthenticated", "Unavailable", "Unimplemented", "messages", "read_dialogues",
]
