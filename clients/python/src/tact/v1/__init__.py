"""The messages and stubs that protoc makes of proto/tact/v1 when the package is built."""
