package esim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestEventKind(t *testing.T) {
	want := []string{"unknown", "provisioned", "installed", "activated", "usage", "status changed", "depleted", "expired"}
	for i, text := range want {
		kind := esim.EventKind(i)
		require.Equal(t, text, kind.String())
		var back esim.EventKind
		require.NoError(t, back.UnmarshalText([]byte(text)))
		require.Equal(t, kind, back)
	}
	require.Equal(t, "unknown", esim.EventKind(99).String())
	require.Equal(t, "unknown", esim.EventKind(-1).String())
	require.Error(t, new(esim.EventKind).UnmarshalText([]byte("canary")))
}

func TestEventPrintsNoSecret(t *testing.T) {
	e := esim.Event{
		Kind: esim.EventProvisioned, Provider: "esimfly", ICCID: "8948010010036785060", Name: "a\nb", Status: esim.ESIMNew,
		Raw: esim.NewSecret("CANARY-BODY"), Order: &esim.Order{ID: "o1", ESIMs: []esim.ESIM{{
			Activation:    esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "CANARY-CODE"},
			RawActivation: esim.NewSecret("CANARY-RAW"),
		}}},
	}
	var out bytes.Buffer
	for _, v := range []any{e, &e, []esim.Event{e}, []*esim.Event{&e}, map[string]esim.Event{"x": e}, struct{ E esim.Event }{e}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%p"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		text, err := json.Marshal(v)
		require.NoError(t, err)
		out.Write(text)
	}
	require.NotContains(t, out.String(), "CANARY")
	require.Equal(t, `esim.Event(kind="provisioned" provider="esimfly" name="a\nb" iccid="8948010010036785060" status="new")`, fmt.Sprint(e))
	require.Equal(t, `esim.Event(kind="unknown")`, fmt.Sprint(esim.Event{}))
}

func TestProgress(t *testing.T) {
	begun := time.Date(2026, 9, 13, 12, 0, 0, 0, time.UTC)
	status := func(s esim.ESIMStatus, minutes int) esim.Event {
		return esim.Event{Status: s, At: begun.Add(time.Duration(minutes) * time.Minute)}
	}
	use := func(used esim.DataSize, minutes int) esim.Event {
		return esim.Event{Kind: esim.EventUsage, Used: used, Total: esim.GiB, At: begun.Add(time.Duration(minutes) * time.Minute)}
	}
	var p esim.Progress
	for i, step := range []struct {
		event   esim.Event
		changed bool
		status  esim.ESIMStatus
		used    esim.DataSize
	}{
		{esim.Event{}, false, esim.ESIMUnknown, 0},
		{esim.Event{Status: esim.ESIMNew}, true, esim.ESIMNew, 0}, // no time stated
		{status(esim.ESIMActive, 10), true, esim.ESIMActive, 0},
		{status(esim.ESIMActive, 10), false, esim.ESIMActive, 0},
		{status(esim.ESIMInstalled, 20), false, esim.ESIMActive, 0},
		{status(esim.ESIMNew, 90), false, esim.ESIMActive, 0},
		{use(esim.MiB, 12), true, esim.ESIMActive, esim.MiB},
		{use(0, 11), false, esim.ESIMActive, esim.MiB},
		{status(esim.ESIMExpired, 5), false, esim.ESIMActive, esim.MiB},
		{status(esim.ESIMDepleted, 30), true, esim.ESIMDepleted, esim.MiB},
		{status(esim.ESIMActive, 40), true, esim.ESIMActive, esim.MiB}, // topped up
		{use(0, 41), true, esim.ESIMActive, 0},
		{status(esim.ESIMUnknown, 50), false, esim.ESIMActive, 0},
		{esim.Event{Status: esim.ESIMCancelled}, false, esim.ESIMActive, 0}, // nobody knows when
		{status(esim.ESIMBlocked, 60), true, esim.ESIMBlocked, 0},
		{esim.Event{Status: 99, At: begun.AddDate(1, 0, 0)}, false, esim.ESIMBlocked, 0},
	} {
		require.Equal(t, step.changed, p.Apply(step.event), i)
		require.Equal(t, step.status, p.Status, i)
		require.Equal(t, step.used, p.Used, i)
		text, err := json.Marshal(p)
		require.NoError(t, err)
		var back esim.Progress
		require.NoError(t, json.Unmarshal(text, &back))
		assert.False(t, back.Apply(step.event), "%d: read back from storage it is the same", i)
	}
}
