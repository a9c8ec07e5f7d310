package sqlite_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

func create(t *testing.T, s journal.Store, e journal.Entry) journal.Entry {
	t.Helper()
	kept, created, err := s.Create(t.Context(), e, nil)
	require.NoError(t, err)
	require.True(t, created)
	return kept
}

func save(t *testing.T, s journal.Store, e journal.Entry) journal.Entry {
	t.Helper()
	saved, err := s.Save(t.Context(), e)
	require.NoError(t, err)
	return saved
}

func TestEntrySurvivesReopening(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	e := entry(1)
	e.Keys = []string{"topup:8948010000000000001", `odd "key", with all: \ ü`, "a"}
	kept := create(t, s, e)
	assert.Equal(t, e, kept)
	bare := journal.Entry{ID: "x", Provider: "p", Reference: "r", CreatedAt: e.CreatedAt, UpdatedAt: e.CreatedAt}
	create(t, s, bare)
	saved := save(t, s, delivered(kept))
	require.NoError(t, s.Close())

	s = open(t, path)
	got, err := s.Get(t.Context(), e.ID)
	require.NoError(t, err)
	assert.Equal(t, saved, got)
	want := delivered(e)
	want.Version = 2
	assert.Equal(t, want, got)
	bare.Version = 1
	got, err = s.Get(t.Context(), "x")
	require.NoError(t, err)
	assert.Equal(t, bare, got)
}

// Finer times than a store keeps are cut off at once, so that what Create and
// Save return is what will be read.
func TestTimesAreCutToMicroseconds(t *testing.T) {
	s := open(t, newPath(t))
	e := entry(1)
	e.NextAt = e.NextAt.Add(999 * time.Nanosecond).In(time.FixedZone("", 3600))
	kept := create(t, s, e)
	got, err := s.Get(t.Context(), e.ID)
	require.NoError(t, err)
	assert.Equal(t, got, kept)
	assert.Equal(t, entry(1).NextAt, got.NextAt)
}

func TestSaveLeavesCreatedColumns(t *testing.T) {
	s := open(t, newPath(t))
	kept := create(t, s, entry(1))
	e := delivered(kept)
	e.Provider, e.Account, e.Kind, e.Reference, e.Content, e.PackageID, e.Budget = "a", "b", "c", "d", "e", "f", "g"
	e.CreatedAt = e.CreatedAt.Add(time.Hour)
	saved, err := s.Save(t.Context(), e)
	require.NoError(t, err)
	got, err := s.Get(t.Context(), e.ID)
	require.NoError(t, err)
	assert.Equal(t, got, saved)
	want := delivered(entry(1))
	want.Keys, want.Version = e.Keys, 2
	assert.Equal(t, want, got)

	_, err = s.Save(t.Context(), e)
	require.ErrorIs(t, err, journal.ErrStale)
	_, err = s.Save(t.Context(), entry(2))
	require.ErrorIs(t, err, journal.ErrStale, "there is none")
}

func TestKeysAreHeldAndLetGo(t *testing.T) {
	s := open(t, newPath(t))
	first := entry(1)
	first.Keys = []string{"a", "b"}
	first = create(t, s, first)
	second := entry(2)
	second.Keys = []string{"c", "b"}
	_, _, err := s.Create(t.Context(), second, nil)
	require.ErrorIs(t, err, journal.ErrTaken)
	_, err = s.Get(t.Context(), second.ID)
	require.ErrorIs(t, err, journal.ErrNotFound)

	second.Keys = []string{"c", "c"}
	second = create(t, s, second)
	second.Keys = []string{"d", "a"}
	_, err = s.Save(t.Context(), second)
	require.ErrorIs(t, err, journal.ErrTaken)
	found, err := s.Named(t.Context(), "esimfly", []string{"a", "b", "c", "d"})
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, second.Version, found[1].Version, "nothing was changed")

	first.Keys = []string{"b"}
	_, err = s.Save(t.Context(), first)
	require.NoError(t, err)
	_, err = s.Save(t.Context(), second)
	require.NoError(t, err, "the other has let go of it")
	found, err = s.Named(t.Context(), "esimfly", []string{"a", "c"})
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, second.ID, found[0].ID)
	other := entry(3)
	other.ID, other.Provider, other.Keys = "other", "esimfx", []string{"a"}
	create(t, s, other)
}

func TestBudget(t *testing.T) {
	s := open(t, newPath(t))
	budget := &journal.Budget{Limit: "6.00"}
	spend := func(n int, cost string) error {
		e := entry(n)
		e.Budget, e.Cost, e.Keys = "day", cost, []string{"k" + strconv.Itoa(n)}
		_, _, err := s.Create(t.Context(), e, budget)
		return err
	}
	require.NoError(t, spend(1, "2.7"))
	require.NoError(t, spend(2, "3.3"))
	require.ErrorIs(t, spend(3, "0.00000001"), journal.ErrOverBudget)
	require.NoError(t, spend(1, "2.7"), "it exists, and is not counted again")
	require.Error(t, spend(4, ""), "a cost that is not known cannot be counted")
	require.Error(t, spend(4, "-1"))
	found, err := s.Named(t.Context(), "esimfly", []string{"k3", "k4"})
	require.NoError(t, err)
	require.Empty(t, found)

	to := func(state journal.State, cost string) {
		e, err := s.Get(t.Context(), entry(1).ID)
		require.NoError(t, err)
		e.State, e.Cost, e.Doubt = state, cost, 0
		_, err = s.Save(t.Context(), e)
		require.NoError(t, err)
	}
	to(journal.Review, "2.7")
	require.ErrorIs(t, spend(3, "0.1"), journal.ErrOverBudget)
	to(journal.Rejected, "99") // what is given back is what was taken
	require.ErrorIs(t, spend(3, "2.71"), journal.ErrOverBudget)
	to(journal.Review, "2.7")
	to(journal.NotExecuted, "2.7") // for the second time
	require.ErrorIs(t, spend(3, "2.71"), journal.ErrOverBudget)
	require.NoError(t, spend(3, "2.70"))
}

func TestHeld(t *testing.T) {
	s := open(t, newPath(t))
	at := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	h := journal.Held{Provider: "esimstory", Key: "k", Names: []string{"order:1", "item:2", "item:2"}, At: at, Document: []byte(`{"a":1}`)}
	require.NoError(t, s.Hold(t.Context(), h))
	again := h
	again.Document = []byte(`{}`)
	require.NoError(t, s.Hold(t.Context(), again))
	for name, q := range map[string]journal.HeldQuery{
		"by name":     {Provider: "esimstory", Names: []string{"item:2", "x"}},
		"by any name": {Names: []string{"order:1"}},
		"by age":      {Before: at.Add(time.Second), Unwarned: true},
	} {
		got, err := s.Held(t.Context(), q)
		require.NoError(t, err, name)
		assert.Equal(t, []journal.Held{h}, got, name)
	}
	require.NoError(t, s.Warned(t.Context(), "esimstory", "k"))
	for name, q := range map[string]journal.HeldQuery{
		"warned": {Unwarned: true}, "too young": {Before: at}, "other provider": {Provider: "esimfx", Names: []string{"item:2"}},
	} {
		got, err := s.Held(t.Context(), q)
		require.NoError(t, err, name)
		assert.Empty(t, got, name)
	}
	require.NoError(t, s.Release(t.Context(), "esimstory", "k"))
	require.NoError(t, s.Release(t.Context(), "esimstory", "k"))
	got, err := s.Held(t.Context(), journal.HeldQuery{Names: []string{"item:2"}})
	require.NoError(t, err)
	assert.Empty(t, got)
}

// In a transaction of somebody else, too, a refusal leaves nothing behind, and
// the transaction goes on.
func TestCreateIn(t *testing.T) {
	s := open(t, newPath(t))
	d := sqlstore.Dialect{KeyList: "json_group_array(key)", Time: func(at time.Time) any { return at.Format(time.RFC3339Nano) }}
	require.NoError(t, s.Write(t.Context(), func(tx sqlstore.Tx) error {
		e := entry(1)
		e.Keys = []string{"a"}
		_, created, err := sqlstore.CreateIn(t.Context(), tx, d, e, nil)
		assert.True(t, created)
		assert.NoError(t, err)
		e = entry(2)
		e.Keys = []string{"b", "a"}
		_, _, err = sqlstore.CreateIn(t.Context(), tx, d, e, nil)
		assert.ErrorIs(t, err, journal.ErrTaken)
		e = entry(3)
		e.Budget, e.Keys = "day", []string{"b"}
		_, _, err = sqlstore.CreateIn(t.Context(), tx, d, e, &journal.Budget{Limit: "1"})
		assert.ErrorIs(t, err, journal.ErrOverBudget)
		_, created, err = sqlstore.CreateIn(t.Context(), tx, d, entry(4), nil)
		assert.True(t, created)
		return err
	}))
	require.NoError(t, s.Write(t.Context(), func(tx sqlstore.Tx) error {
		rows, err := tx.Query(t.Context(), "SELECT (SELECT count(*) FROM esim_purchase), (SELECT count(*) FROM esim_key), (SELECT count(*) FROM esim_budget)")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var purchases, keys, budgets int
			if err := rows.Scan(&purchases, &keys, &budgets); err != nil {
				return err
			}
			assert.Equal(t, [3]int{2, 1, 0}, [3]int{purchases, keys, budgets})
		}
		return rows.Err()
	}))
}

// A person who has the file open in another tool and writes makes the journal
// wait, then refuse; nothing is damaged by it.
func TestAnotherToolWrites(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := open(t, path)
	tool := rawConn(t, path)
	_, err := tool.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	_, _, err = s.Create(t.Context(), entry(1), nil)
	require.ErrorContains(t, err, "another program is writing")
	_, err = s.Get(t.Context(), entry(1).ID)
	require.ErrorIs(t, err, journal.ErrNotFound, "reading goes on")
	_, err = tool.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	create(t, s, entry(1))
}

func TestCheckpointShortensTheLog(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	for n := range 20 {
		create(t, s, entry(n))
	}
	before := size(t, path)
	require.NoError(t, s.Checkpoint(t.Context()))
	create(t, s, entry(100)) // behind the checkpoint
	assert.Greater(t, size(t, path), before)
}
