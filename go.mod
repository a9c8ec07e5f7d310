module github.com/esimkit/esim

go 1.26

require (
	github.com/biter777/countries v1.7.5 // indirect
	github.com/go-json-experiment/json v0.0.0-20260820222146-c27c302e5fc3 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/govalues/decimal v0.1.36 // indirect
	github.com/jarcoal/httpmock v1.4.2 // indirect
	github.com/makiuchi-d/gozxing v0.1.1 // indirect
	github.com/stretchr/testify v1.12.0 // indirect
	go.uber.org/goleak v1.3.0 // indirect
	golang.org/x/time v0.16.0 // indirect
	golang.org/x/xerrors v0.0.0-20200804184101-5ec99f83aff1 // indirect
	pgregory.net/rapid v1.3.0 // indirect
	rsc.io/qr v0.2.0 // indirect
)
