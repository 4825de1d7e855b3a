"""The adapters and the handlers against moto: tables, queues, parameters and providers."""
