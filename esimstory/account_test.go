package esimstory

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestAccount(t *testing.T) {
	account := func(base, key string) esim.Account {
		c, err := New(Config{
			Settings: esim.Settings{BaseURL: base}, AccessKey: key, SecretKey: esim.NewSecret("c2VjcmV0LXNlY3JldC1zZWNyZXQ="),
		})
		require.NoError(t, err)
		return c.Account()
	}
	live := account("", "key-1")
	require.True(t, live.Live)
	require.Equal(t, live, account(ProductionURL, "key-1"))
	require.Equal(t, live, account(ProductionURL+"/", "key-1"))
	require.NotEqual(t, live.Fingerprint, account("", "key-2").Fingerprint)

	sandbox := account(SandboxURL, "key-1")
	require.False(t, sandbox.Live)
	require.NotEqual(t, live.Fingerprint, sandbox.Fingerprint)
	require.False(t, account("http://127.0.0.1:1/api", "key-1").Live)
	require.True(t, account("https://proxy.example.com/api", "key-1").Live)
}
