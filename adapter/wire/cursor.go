package wire

import "encoding/base64"

// maxCursor bounds the key of a page, in the letters of its cursor.
const maxCursor = 8 << 10

// Cursor makes a cursor of the key of the next page: an object of which nothing
// is known but that it goes back as it came. An empty key ends the list, and its
// cursor is "". One that is too long for [CursorKey] is not ok.
func Cursor(key Raw) (cursor string, ok bool) {
	if IsEmpty(key) {
		return "", true
	}
	cursor = base64.RawURLEncoding.EncodeToString(key)
	return cursor, len(cursor) <= maxCursor
}

// CursorKey returns the key in a cursor, and {} for the first page. It is not ok
// for a text that Cursor does not return.
func CursorKey(cursor string) (key Raw, ok bool) {
	if cursor == "" {
		return Raw("{}"), true
	}
	if len(cursor) > maxCursor {
		return nil, false
	}
	doc, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || !IsObject(doc) || IsEmpty(doc) {
		return nil, false
	}
	err = Decode(doc, &key)
	return key, err == nil
}
