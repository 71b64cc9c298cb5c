"""The network: backbones, cost embedding, aggregator, fine map and matching field."""
