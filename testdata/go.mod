// No module: this file keeps 1,600 recorded exchanges out of the zip that
// go get fetches. Only this repository's tests read them.
module github.com/esimkit/esim/testdata

go 1.26.0
