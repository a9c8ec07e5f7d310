package wire

import (
	"bytes"
	"fmt"
	"testing"
)

type benchPackage struct {
	Code      Text     `json:"packageCode"`
	Name      string   `json:"name"`
	Price     Number   `json:"price"`
	Volume    Number   `json:"volume"`
	Days      Number   `json:"duration"`
	Countries []string `json:"countries"`
	Networks  []struct {
		Name string `json:"network_name"`
		MCC  Text   `json:"mcc_code"`
		Type string `json:"network_type"`
	} `json:"networks"`
	Updated Time `json:"updated_at"`
}

type benchPage struct {
	Success bool           `json:"success"`
	Data    []benchPackage `json:"data"`
}

// page returns a catalogue page of about 170 kB, the size of the largest that
// the providers send.
func page() []byte {
	var doc bytes.Buffer
	doc.WriteString(`{"success":true,"data":[`)
	for n := range 200 {
		if n > 0 {
			doc.WriteByte(',')
		}
		fmt.Fprintf(&doc, `{"packageCode":"merhaba-%d","name":"Turkey %d GB 7 Days \"Merhaba\"","price":%d.72,"volume":%d,"duration":7,`+
			`"description":"Data only. Best networks, 4G and 5G; starts with the first use & ends after 7 days.","countries":["TR","DE","FR","IT"],"networks":[`,
			n, n, n, n*1_073_741_824)
		for k := range 4 {
			if k > 0 {
				doc.WriteByte(',')
			}
			fmt.Fprintf(&doc, `{"network_id":%d,"network_name":"Turkcell","network_type":"4G / 5G","country_iso2":"tr","mcc_code":"286","mnc_code":"0%d"}`, k, k)
		}
		doc.WriteString(`],"updated_at":"2026-08-24T17:00:31.884Z"}`)
	}
	doc.WriteString(`],"pagination":{"page":1,"limit":200,"total":200}}`)
	return doc.Bytes()
}

func BenchmarkDecode(b *testing.B) {
	doc := page()
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		var out benchPage
		if err := Decode(doc, &out); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBounds is the share of BenchmarkDecode that the bounds cost.
func BenchmarkBounds(b *testing.B) {
	doc := page()
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if err := withinBounds(doc, DefaultRows); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	body := orderBody{Package: "merhaba-7days-1gb", Quantity: 2, Key: "cart-0001", Callback: "https://hooks.example.test/esimfly?t=a&u=b"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(body); err != nil {
			b.Fatal(err)
		}
	}
}

type orderBody struct {
	Package  string `json:"packageCode"`
	Quantity int    `json:"quantity"`
	Key      string `json:"idempotency_key"`
	Callback string `json:"callbackUrl,omitempty"`
}
