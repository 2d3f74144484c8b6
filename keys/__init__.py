"""Keys: who may speak, and how a signature is made and checked.

Bytes in, bytes out. This room knows Ed25519, Multikey, did:web names and where a
private key is kept; it knows nothing of records, logs, databases or HTTP. It imports
no other room. Start at :mod:`keys.ed25519`, then :mod:`keys.signer`.
"""
