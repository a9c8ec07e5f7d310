package adapter

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

type config struct {
	esim.Settings

	Key   esim.Secret
	Name  string
	Trust bool
	Units int
	Late  time.Duration
}

func (c *config) fromEnv() error {
	return FromEnv("test",
		Required("TEST_KEY", &c.Key), Required("TEST_NAME", &c.Name), Optional("TEST_BASE_URL", &c.BaseURL),
		Optional("TEST_TRUST", &c.Trust), Optional("TEST_UNITS", &c.Units), Optional("TEST_LATE", &c.Late))
}

func (c config) Format(f fmt.State, _ rune) {
	Write(f, Print("test.config", "Key", Given(c.Key), "Name", c.Name, "Units", c.Units))
}

func TestTheEnvironmentFillsWhatSettingsLeaveOpen(t *testing.T) {
	for name, value := range map[string]string{
		"TEST_KEY": "CANARY-key", "TEST_NAME": "n", "TEST_BASE_URL": "https://sandbox.example.test", "TEST_TRUST": "true", "TEST_UNITS": "5", "TEST_LATE": "2h",
	} {
		t.Setenv(name, value)
	}
	c := config{Settings: esim.Settings{MaxRetries: 3}}
	require.NoError(t, c.fromEnv())
	assert.Equal(t, "https://sandbox.example.test", c.BaseURL)
	assert.Equal(t, 3, c.MaxRetries)
	assert.Equal(t, "CANARY-key", c.Key.Reveal())
	assert.True(t, c.Trust)
	assert.Equal(t, 5, c.Units)
	assert.Equal(t, 2*time.Hour, c.Late)
	assert.Equal(t, `test.config{Key: true, Name: "n", Units: 5}`, fmt.Sprintf("%#v", c))

	c = config{Settings: esim.Settings{BaseURL: "https://other.example.test"}, Units: 7, Name: "mine"}
	require.NoError(t, c.fromEnv())
	assert.Equal(t, "https://other.example.test", c.BaseURL, "settings come first")
	assert.Equal(t, 7, c.Units)
	assert.Equal(t, "mine", c.Name)
}

func TestAVariableThatWillNotDoIsNamed(t *testing.T) {
	for name, text := range map[string]string{"TEST_KEY": "", "TEST_TRUST": "CANARY", "TEST_UNITS": "CANARY", "TEST_LATE": "CANARY"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TEST_KEY", "k")
			t.Setenv("TEST_NAME", "n")
			t.Setenv(name, text)
			err := new(config).fromEnv()
			e := assertOutcome(t, esim.OutcomeNotSent, err)
			require.ErrorIs(t, err, esim.ErrInvalidRequest)
			assert.Contains(t, e.Message, name)
		})
	}
}
