package proof_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
)

// A program shares its settings between three adapters and takes the rest from
// the environment. The sandbox that the environment names stays the sandbox.
func TestSharedSettingsDropNothingOfTheEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"ESIMFLY_ACCESS_CODE": "esf_test", "ESIMFLY_SECRET_KEY": "sk_test", "ESIMFLY_BASE_URL": "http://127.0.0.1:1/fly",
		"ESIMSTORY_ACCESS_KEY": "ak_test", "ESIMSTORY_SECRET_KEY": "c2VjcmV0", "ESIMSTORY_BASE_URL": esimstory.SandboxURL,
		"ESIMFX_CLIENT_ID": "id", "ESIMFX_CLIENT_KEY": "key", "ESIMFX_BASE_URL": "http://127.0.0.1:1/fx",
	} {
		t.Setenv(name, value)
	}
	shared := esim.Settings{Logger: slog.New(slog.DiscardHandler), MaxRetries: 1}

	fly, err := esimfly.ConfigFromEnv(shared)
	require.NoError(t, err)
	story, err := esimstory.ConfigFromEnv(shared)
	require.NoError(t, err)
	fx, err := esimfx.ConfigFromEnv(shared)
	require.NoError(t, err)
	require.Empty(t, shared.BaseURL, "the settings are the program's own")

	for provider, settings := range map[esim.Provider]esim.Settings{
		esimfly.Provider: fly.Settings, esimstory.Provider: story.Settings, esimfx.Provider: fx.Settings,
	} {
		require.Same(t, shared.Logger, settings.Logger, provider)
		require.Equal(t, 1, settings.MaxRetries, provider)
	}
	require.Equal(t, "http://127.0.0.1:1/fly", fly.BaseURL)
	require.Equal(t, esimstory.SandboxURL, story.BaseURL)
	require.Equal(t, "http://127.0.0.1:1/fx", fx.BaseURL)

	flyClient, err := esimfly.New(fly)
	storyClient, storyErr := esimstory.New(story)
	fxClient, fxErr := esimfx.New(fx)
	require.NoError(t, err)
	require.NoError(t, storyErr)
	require.NoError(t, fxErr)
	for _, c := range []esim.Client{flyClient, storyClient, fxClient} {
		require.False(t, c.Account().Live, c.Provider())
	}
}
