module turnpike.dev/e2e/hello

go 1.24.0
