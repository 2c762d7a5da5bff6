"""How a browser goes to a provider and comes back (OpenID Connect, by authorization code with PKCE)."""
