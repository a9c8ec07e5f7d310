package esim

// Account tells which account a [Client] charges. Each client of this module
// has an Account method; reach it through wrapped clients with [As]:
//
//	if c, ok := esim.As[interface{ Account() esim.Account }](client); ok {
//		fmt.Println(c.Account().Fingerprint)
//	}
type Account struct {
	// Fingerprint changes when another account, or another environment of the
	// same one, would be charged: it is a digest of the provider, the base URL
	// and the name of the API key, never of a secret. A purchase in doubt must
	// not be sent again under another fingerprint, for what keeps it from being
	// charged twice is known to the account it was sent to.
	Fingerprint string `json:"fingerprint"`
	// Live: orders spend real money. False where it is known that they do not,
	// for a loopback host and for a sandbox of the provider.
	Live bool `json:"live"`
}
