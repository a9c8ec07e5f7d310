package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A cart is a random text that exists before the customer pays. It is what
// makes a double click harmless: the same cart is the same purchase. It is also
// the address of the order page, which shows an activation code, so whoever
// has it may install the eSIM; it goes to nobody but the customer.
type cart string

// newCart returns one with 128 bits of chance or more.
func newCart() cart { return cart(rand.Text()) }

// parseCart reads what newCart has written, and nothing shorter.
func parseCart(text string) (cart, bool) {
	plain := strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
	return cart(text), plain && len(text) == len(rand.Text())
}

// Reference is the name of the purchase for the reseller, the journal and the
// operator. It follows from the cart and does not lead back to it.
func (c cart) Reference() string {
	sum := sha256.Sum256([]byte("storefront " + c))
	return "sale-" + hex.EncodeToString(sum[:10])
}

// Path is where the order page is.
func (c cart) Path() string { return "/order/" + string(c) }
