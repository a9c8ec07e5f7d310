package sqlite_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

// written returns the path of a closed journal with n entries.
func written(t testing.TB, n int) string {
	t.Helper()
	path := newPath(t)
	s, err := sqlite.Open(path)
	require.NoError(t, err)
	for i := range n {
		kept, _, err := s.Create(t.Context(), entry(i), nil)
		require.NoError(t, err)
		if i%2 == 1 {
			_, err = s.Save(t.Context(), delivered(kept))
			require.NoError(t, err)
		}
	}
	require.NoError(t, s.Close())
	return path
}

func TestNewFile(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, path string){
		"missing": func(*testing.T, string) {},
		"empty": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, nil, 0o600))
		},
		"remains of a creation that was interrupted": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path+".new", []byte("rubbish"), 0o600))
			require.NoError(t, os.WriteFile(path+".new-journal", []byte("rubbish"), 0o600))
			require.NoError(t, os.WriteFile(path+".lock", nil, 0o600))
		},
		"a name with what a URI would take apart": func(t *testing.T, _ string) { require.NotNil(t, t) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "50% off?mode=memory#a b.db")
			prepare(t, path)
			s := open(t, path)
			_, created, err := s.Create(t.Context(), entry(1), nil)
			require.NoError(t, err)
			require.True(t, created)
			for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
				info, missing := os.Stat(path + suffix)
				require.NoError(t, missing)
				assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "%q", suffix)
			}
			assert.NoFileExists(t, path+".new")
			require.NoError(t, s.Close())

			again := open(t, path)
			_, created, err = again.Create(t.Context(), entry(1), nil)
			require.NoError(t, err)
			assert.False(t, created)
		})
	}
}

func TestRefusesWhatIsNoJournal(t *testing.T) {
	change := func(at int64, bytes ...byte) func(*testing.T, string) {
		return func(t *testing.T, path string) { overwrite(t, path, at, bytes) }
	}
	truncate := func(keep func(size int64) int64) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(path, keep(info.Size())))
		}
	}
	for _, tc := range []struct {
		name   string
		damage func(t *testing.T, path string)
		kind   error
		says   string
	}{
		{"a text", func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, make([]byte, 5000), 0o600))
		}, journal.ErrForeign, "restore a backup"},
		{"a few bytes", truncate(func(int64) int64 { return 50 }), journal.ErrForeign, "restore a backup"},
		{"a page cut off", truncate(func(size int64) int64 { return size - 4096 }), journal.ErrForeign, "restore a backup"},
		{"some bytes cut off", truncate(func(size int64) int64 { return size - 100 }), journal.ErrForeign, "restore a backup"},
		{"half cut off", truncate(func(size int64) int64 { return size / 2 }), journal.ErrForeign, "restore a backup"},
		{"emptied", truncate(func(int64) int64 { return 0 }), journal.ErrForeign, "now the file is missing or empty; restore it"},
		{"removed", func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }, journal.ErrForeign, "missing or empty; restore it"},
		{"a directory", func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Mkdir(path, 0o700))
		}, nil, ""},
		{"another application", change(68, 0, 0, 0, 7), journal.ErrForeign, "another program"},
		{"no application", change(68, 0, 0, 0, 0), journal.ErrForeign, "choose another path"},
		{"the database of another program", func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
			raw(t, path, "CREATE TABLE songs (title TEXT)")
		}, journal.ErrForeign, "choose another path"},
		{"a newer version", change(60, 0, 0, 0, 3), journal.ErrSchema, "use the newer program"},
		{"a newer version in the log", func(t *testing.T, path string) { raw(t, path, "PRAGMA user_version = 3") }, journal.ErrSchema, "version 3"},
		{"no version", change(60, 0, 0, 0, 0), journal.ErrForeign, "another program"},
		{"the header", change(0, []byte("no database")...), journal.ErrForeign, "beginning is damaged"},
		{"the first table", change(4096+4, 0xff), journal.ErrForeign, "keep a copy"},
		{"a document", func(t *testing.T, path string) {
			raw(t, path, "UPDATE esim_purchase SET document = replace(document, 'AGYFT', 'AGYFF') WHERE reference = 'cart-000007'")
		}, journal.ErrForeign, "damaged on disk"},
		{"what is written once", func(t *testing.T, path string) {
			raw(t, path, "UPDATE esim_purchase SET content = 'c1ffee' WHERE reference = 'cart-000007'")
		}, journal.ErrForeign, "damaged on disk"},
		{"a clock", func(t *testing.T, path string) {
			raw(t, path, "INSERT OR REPLACE INTO esim_meta VALUES ('clock', 'noon')")
		}, journal.ErrForeign, "clock"},
		{"a table gone", func(t *testing.T, path string) { raw(t, path, "DROP TABLE esim_meta") }, journal.ErrForeign, "esim_meta"},
		{"an index gone", func(t *testing.T, path string) { raw(t, path, "DROP INDEX esim_purchase_due") }, journal.ErrForeign, "esim_purchase_due"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := written(t, 40)
			tc.damage(t, path)
			before, _ := os.ReadFile(path) // of a directory: nothing
			s, err := sqlite.Open(path)
			require.Error(t, err)
			require.Nil(t, s)
			if tc.kind != nil {
				require.ErrorIs(t, err, tc.kind)
			}
			assert.ErrorContains(t, err, tc.says)
			after, _ := os.ReadFile(path)
			assert.Equal(t, before, after, "what is refused is left as it is")
		})
	}
}

func overwrite(t testing.TB, path string, at int64, bytes []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(bytes, at)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// A file whose pages lie about nothing but how many there are.
func TestRefusesWrongLength(t *testing.T) {
	path := written(t, 3)
	header := make([]byte, 4)
	binary.BigEndian.PutUint32(header, 3)
	overwrite(t, path, 28, header)
	_, err := sqlite.Open(path)
	require.ErrorIs(t, err, journal.ErrForeign)
}

func TestClosed(t *testing.T) {
	s := open(t, newPath(t))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, _, err := s.Create(t.Context(), entry(1), nil)
	require.ErrorIs(t, err, journal.ErrClosed)
	_, err = s.Get(t.Context(), entry(1).ID)
	require.ErrorIs(t, err, journal.ErrClosed)
	_, err = s.Lease(t.Context(), journal.Slots{"": 1}, time.Minute)
	require.ErrorIs(t, err, journal.ErrClosed)
	_, err = s.Now(t.Context())
	require.ErrorIs(t, err, journal.ErrClosed)
}

func TestOpenNowhere(t *testing.T) {
	_, err := sqlite.Open("")
	require.Error(t, err)
	_, err = sqlite.Open(filepath.Join(t.TempDir(), "nowhere", "purchases.db"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A file of an unreleased program has the version of this one and other columns.
// It is told from one that is damaged, whatever is checked.
func TestAnotherSchemaOfTheSameVersion(t *testing.T) {
	for name, opts := range map[string][]sqlite.Option{"whole": nil, "quick": {sqlite.WithQuickCheck()}} {
		for _, change := range []string{
			`DROP INDEX esim_purchase_doubtful; ALTER TABLE esim_purchase DROP COLUMN doubt_at;
				CREATE INDEX esim_purchase_doubtful ON esim_purchase (account)`,
			`DROP INDEX esim_purchase_due; CREATE INDEX esim_purchase_due ON esim_purchase (next_at, id) WHERE next_at IS NOT NULL`,
		} {
			t.Run(name, func(t *testing.T) {
				path := written(t, 3)
				raw(t, path, change)
				before := content(t, path)
				_, err := sqlite.Open(path, opts...)
				require.ErrorIs(t, err, journal.ErrSchema)
				assert.NotErrorIs(t, err, journal.ErrForeign)
				assert.Equal(t, before, content(t, path), "nothing is changed")
			})
		}
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	all, err := os.ReadFile(path)
	require.NoError(t, err)
	return all
}
