package esimstory

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/golden"
)

// delivered is a Delivery with its codes revealed, for golden files.
type delivered struct {
	TopupID     string   `json:"topup_id"`
	OptionID    string   `json:"option_id,omitempty"`
	Reference   string   `json:"reference,omitempty"`
	ICCID       string   `json:"iccid,omitempty"`
	LPA         string   `json:"lpa,omitempty"`
	Raw         string   `json:"raw_activation,omitempty"`
	Alternative string   `json:"alternative,omitempty"`
	ExpiredDate string   `json:"expired_date,omitempty"`
	Issued      bool     `json:"issued"`
	Mismatch    bool     `json:"mismatch,omitempty"`
	Problems    []string `json:"problems,omitempty"`
}

func TestGoldenDeliveries(t *testing.T) {
	files, err := filepath.Glob(golden.Recorded(t, "esimstory") + "/deliveries/*.body.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".body.json"), func(t *testing.T) {
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			d, err := ParseDelivery(body)
			require.NoError(t, err)
			require.Equal(t, string(body), d.Raw.Reveal())
			require.Equal(t, d.TopupID, d.ESIM.ItemID)
			require.Zero(t, d.ESIM.Status, "the provider reports none")
			require.Zero(t, d.ESIM.ExpiresAt, "a calendar date is no instant")
			got, err := json.MarshalIndent(delivered{
				TopupID: d.TopupID, OptionID: d.OptionID, Reference: d.Reference, ICCID: string(d.ESIM.ICCID),
				LPA: d.ESIM.Activation.LPA(), Raw: d.ESIM.RawActivation.Reveal(), Alternative: d.Alternative.LPA(), ExpiredDate: d.ExpiredDate,
				Issued: d.Issued, Mismatch: d.Mismatch, Problems: d.Problems,
			}, "", "  ")
			require.NoError(t, err)
			compareFile(t, strings.Replace(file, ".body.", ".golden.", 1), string(got)+"\n")
		})
	}
}

func compareFile(t *testing.T, file, got string) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run go test -update, then review the file")
	require.Equal(t, string(want), got)
}

func TestParseDeliveryRefuses(t *testing.T) {
	for _, body := range []string{
		"", "null", "{}", "[]", `"x"`, "<html>", `{"topup_id":""}`, `{"topup_id":null}`, `{"topup_id":" "}`, `{"topup_id":{"a":1}}`,
		`{"Topup_id":"1"}`, `{"topup_id":"1","topup_id":"2"}`, `{"topup_id":"1"}{}`, `{"topup_id":"1"`, "{\"topup_id\":\"\xff\"}",
		`{"topup_id":"1","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		`{"topup_id":"1","x":"` + strings.Repeat("x", maxDelivery) + `"}`,
	} {
		d, err := ParseDelivery([]byte(body))
		require.Nil(t, d)
		require.ErrorIs(t, err, esim.ErrMalformedResponse, "%.60s", body)
	}
}

// A delivery seen as an order is one that Apply accepts and adds nothing to.
func TestDeliveryAsOrder(t *testing.T) {
	files, err := filepath.Glob(golden.Recorded(t, "esimstory") + "/deliveries/*.body.json")
	require.NoError(t, err)
	issued := 0
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		d, err := ParseDelivery(body)
		require.NoError(t, err)
		o := d.Order()
		require.Equal(t, Provider, o.Provider, file)
		require.Empty(t, o.ID)
		require.Equal(t, d.Reference, o.Reference)
		require.Equal(t, d.OptionID, o.PackageID)
		require.Equal(t, esim.OrderPending, o.Status)
		require.Zero(t, o.Quantity)
		require.Len(t, o.ESIMs, 1)
		require.Equal(t, d.TopupID, o.ESIMs[0].ItemID)
		require.Equal(t, d.ESIM.Activation, o.ESIMs[0].Activation)
		require.True(t, d.ESIM.RawActivation.Equal(o.ESIMs[0].RawActivation))
		if d.Issued {
			issued++
			require.Equal(t, d.ESIM.ICCID, o.ESIMs[0].ICCID)
		}
		require.Equal(t, d.Issued, o.Delivered() == 1, file)
		changed, err := Apply(o, d)
		require.NoError(t, err, file)
		require.False(t, changed, file)

		o.ESIMs[0].ItemID = "spoiled"
		require.Equal(t, d.TopupID, d.ESIM.ItemID, "the order is the caller's own")
	}
	require.Positive(t, issued)
	require.Less(t, issued, len(files))

	require.Nil(t, (&Delivery{Problem: errDeliveryID, Raw: esim.NewSecret("{}")}).Order())
	require.Nil(t, (*Delivery)(nil).Order())
}

func TestDeliveryPrintsNoCode(t *testing.T) {
	for _, name := range []string{"sample", "link_differs", "link_unreadable", "nothing_readable"} {
		body, err := os.ReadFile(golden.Recorded(t, "esimstory") + "/deliveries/" + name + ".body.json")
		require.NoError(t, err)
		d, err := ParseDelivery(body)
		require.NoError(t, err)
		doc, err := json.Marshal(d)
		require.NoError(t, err)
		text := string(doc)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			text += fmt.Sprintf(verb, d) + fmt.Sprintf(verb, *d)
		}
		for _, code := range []string{"C3D4E5F6A7B8C9D0", "example.com/qr"} {
			require.NotContains(t, text, code)
		}
	}
	_, err := ParseDelivery([]byte(`{"topup_id":"","download_link":"LPA:1$rsp1.cmlink.com$C3D4E5F6A7B8C9D0"`))
	require.NotContains(t, err.Error(), "C3D4")
}

// A code in an unknown form is kept, and is an eSIM in hand.
func TestRawActivation(t *testing.T) {
	for members, want := range map[string]string{
		`"download_link":"https://example.com/qr"`:                                                     "https://example.com/qr",
		`"download_link":"https://example.com/qr","smdp":"not a host","activate_code":"C"`:             "https://example.com/qr",
		`"smdp":"not a host","activate_code":"C"`:                                                      "1$not a host$C",
		`"activate_code":"LPA:1$rsp1.cmlink.com$C"`:                                                    "", // the whole, not the last part
		`"activate_code":"C3D4E5F6"`:                                                                   "C3D4E5F6",
		`"download_link":"https://example.com/qr","smdp":"rsp1.cmlink.com","activate_code":"C3D4E5F6"`: "",
		`"smdp":"rsp1.cmlink.com"`:                                                                     "",
	} {
		d, err := ParseDelivery([]byte(`{"topup_id":"` + unit12 + `","iccid":"89852341234567890123",` + members + `}`))
		require.NoError(t, err)
		require.Equal(t, want, d.ESIM.RawActivation.Reveal(), members)
		require.Equal(t, want != "" || !d.ESIM.Activation.IsZero(), d.Issued, members)
		if want != "" {
			require.NotEmpty(t, d.Problems, members)
		}
	}
}
