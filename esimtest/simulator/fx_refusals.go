package simulator

import "net/http"

// fxRefusals are the refusals of eSIMfx by code.
var fxRefusals = map[int]struct {
	status int
	text   string
}{
	FXCodeBadCredentials:      {http.StatusUnauthorized, "Invalid client credentials"},
	FXCodeESIMBlocked:         {http.StatusOK, "eSIM is blocked"},
	FXCodeESIMNotFound:        {http.StatusOK, "eSIM not found"},
	FXCodeInFlight:            {http.StatusOK, "A request with this idempotency key is being processed"},
	FXCodeIncompatibleTopUp:   {http.StatusOK, "Product does not fit this eSIM"},
	FXCodeInsufficientBalance: {http.StatusOK, "Insufficient balance"},
	FXCodeInvalidRequest:      {http.StatusBadRequest, "Invalid request"},
	FXCodeKeyReused:           {http.StatusOK, "Idempotency key was used with another request"},
	FXCodeKeyUsed:             {http.StatusOK, "Idempotency key has already been used"},
	FXCodeNoSuchPath:          {http.StatusNotFound, "Not found"},
	FXCodeNotActivatable:      {http.StatusOK, "Subscription is not pending"},
	FXCodeNotTerminable:       {http.StatusOK, "Subscription has ended"},
	FXCodeOrderNotFound:       {http.StatusOK, "Order not found"},
	FXCodeProductNotFound:     {http.StatusOK, "Product not found"},
	FXCodeUnauthorized:        {http.StatusUnauthorized, "Access token is invalid or expired"},
}

// fxRefuse is the refusal with that code.
func fxRefuse(code int) *reply {
	r := fxRefusals[code]
	return fxRefuseAs(r.status, code, r.text)
}
