package esimstory

import (
	"os"

	"github.com/esimkit/esim"
)

// ConfigFromEnv reads ESIMSTORY_ACCESS_KEY and ESIMSTORY_SECRET_KEY, which
// are required, and ESIMSTORY_BASE_URL, without which orders go to
// [ProductionURL]. The error is an [*esim.Error] that names the variable.
func ConfigFromEnv() (Config, error) {
	for _, name := range []string{"ESIMSTORY_ACCESS_KEY", "ESIMSTORY_SECRET_KEY"} {
		if os.Getenv(name) == "" {
			return Config{}, &esim.Error{
				Provider: Provider, Op: "ConfigFromEnv", Kind: esim.ErrInvalidRequest,
				Outcome: esim.OutcomeNotSent, Message: "environment variable " + name + " is not set",
			}
		}
	}
	return Config{
		Settings:  esim.Settings{BaseURL: os.Getenv("ESIMSTORY_BASE_URL")},
		AccessKey: os.Getenv("ESIMSTORY_ACCESS_KEY"),
		SecretKey: esim.NewSecret(os.Getenv("ESIMSTORY_SECRET_KEY")),
	}, nil
}
