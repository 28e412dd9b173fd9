"""The bus: how what was stored reaches the nodes whose connections must hear of it. `api` promises; `nats` carries
it between nodes."""
