// No module: this file keeps the pictures out of the zip that go get fetches.
module github.com/esimkit/esim/docs/img

go 1.26.0
