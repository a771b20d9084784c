"""The local exchange's servers: WebSocket, REST and archive in Binance's dialects."""
