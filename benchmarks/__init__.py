"""How fast the components are, beside the published clients and the least work the wire leaves."""
