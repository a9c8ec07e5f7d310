package simulator

import "net/http"

// flyRefusals are the refusals of eSIMfly that have one status and one text for
// their code. Those with another text each stand where they are given.
var flyRefusals = map[string]struct {
	status int
	text   string
}{
	"ALREADY_CANCELLED":    {http.StatusBadRequest, "This eSIM has already been cancelled"},
	"DUPLICATE_REQUEST":    {http.StatusConflict, "An identical order is already being processed"},
	"ESIM_ACCESS_DENIED":   {http.StatusForbidden, "eSIM not found or access denied"},
	"ESIM_NOT_TOPPABLE":    {http.StatusBadRequest, "This eSIM cannot be topped up in its current status"},
	"FORBIDDEN":            {http.StatusForbidden, "This eSIM does not belong to your account"},
	"INSUFFICIENT_BALANCE": {http.StatusBadRequest, "Insufficient balance"},
	"INVALID_ACTION":       {http.StatusBadRequest, "action must be suspend or activate"},
	"INVALID_PACKAGE":      {http.StatusBadRequest, "Invalid package code"},
	"INVALID_QUANTITY":     {http.StatusBadRequest, "quantity must be at least 1"},
	"MESSAGE_TOO_LONG":     {http.StatusBadRequest, "message must not exceed 500 characters"},
	"MISSING_ICCID":        {http.StatusBadRequest, "ICCID is required"},
	"MISSING_IDENTIFIER":   {http.StatusBadRequest, "iccid or esimId is required"},
	"MISSING_MESSAGE":      {http.StatusBadRequest, "message is required"},
	"NOT_ELIGIBLE":         {http.StatusBadRequest, "No eSIM of this order can be cancelled"},
	"ORDER_NOT_FOUND":      {http.StatusNotFound, "Order not found"},
	"PACKAGE_NOT_FOUND":    {http.StatusNotFound, "Package not found"},
	"PRICE_MISMATCH":       {http.StatusBadRequest, "The price has changed"},
	"SMS_FAILED":           {http.StatusBadRequest, "The message could not be delivered"},
	"SMS_NOT_SUPPORTED":    {http.StatusBadRequest, "This eSIM does not support SMS"},
	"TOPUP_NOT_SUPPORTED":  {http.StatusBadRequest, "This eSIM does not support top-ups"},
	"UNSUPPORTED_PROVIDER": {http.StatusBadRequest, "This eSIM cannot be suspended"},
}

// refuse is the refusal with that code.
func (f *ESIMFly) refuse(c *call, code string, extra ...member) *reply {
	r := flyRefusals[code]
	return f.refuseAs(c, r.status, code, r.text, extra...)
}
