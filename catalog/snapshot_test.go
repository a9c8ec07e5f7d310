package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/filled"
)

func snapshotOf(s *shelf) []byte { return encode(&saved{shelf: s, withheld: emptyShelf()}) }

func anyAllowance(t *rapid.T, name string) esim.Allowance {
	n := rapid.SampledFrom([]int{-2, -1, 0, 1, 100, 1<<31 - 2}).Draw(t, name)
	if n == -2 {
		return esim.UnlimitedAllowance()
	}
	return esim.AllowanceOf(n)
}

// anyPackage draws packages far from what resellers list.
func anyPackage(t *rapid.T, i int) esim.Package {
	country := rapid.SampledFrom([]esim.Country{"JP", "TW", "US", "", "ZZ"})
	text := rapid.StringN(0, 6, -1)
	p := esim.Package{
		Provider: rapid.SampledFrom([]esim.Provider{"a", "b", "c"}).Draw(t, "provider"), ID: fmt.Sprint(i), Name: text.Draw(t, "name"),
		Kind: esim.PackageKind(rapid.IntRange(0, 255).Draw(t, "kind")), Region: text.Draw(t, "region"),
		Data: esim.DataSize(rapid.Int64().Draw(t, "data")), Unlimited: rapid.Bool().Draw(t, "unlimited"),
		ValidityDays: int(rapid.Int32().Draw(t, "days")),
		VoiceMinutes: anyAllowance(t, "voice"), SMS: anyAllowance(t, "sms"),
		FullSpeedPerDay: esim.DataSize(rapid.SampledFrom([]int64{0, 0, 2_000_000_000, -1}).Draw(t, "full speed")), FairUse: text.Draw(t, "fair use"),
		ValidityStart: esim.ValidityStart(rapid.IntRange(0, 4).Draw(t, "start")), InstallWithinDays: rapid.IntRange(-1, 90).Draw(t, "install"),
		MinPrice: rapid.SampledFrom([]esim.Money{{}, usd(0), usd(1950)}).Draw(t, "least"),
	}
	if n := rapid.IntRange(0, 3).Draw(t, "countries"); n > 0 {
		p.Countries = slices.Compact(slices.Sorted(slices.Values(rapid.SliceOfN(country, n, n).Draw(t, "countries"))))
	}
	for range rapid.IntRange(0, 2).Draw(t, "networks") {
		p.Networks = append(p.Networks, esim.Network{
			Country: country.Draw(t, "country"), Name: text.Draw(t, "name"), MCC: text.Draw(t, "mcc"),
			MNC: text.Draw(t, "mnc"), Technology: rapid.SampledFrom([]string{"", "5G", "LTE"}).Draw(t, "technology"),
		})
	}
	if stated := rapid.IntRange(0, 2).Draw(t, "rechargeable"); stated > 0 {
		p.Rechargeable = new(stated == 1)
	}
	coef, places := rapid.Uint64Range(0, 9_999_999_999_999_999_999).Draw(t, "digits"), rapid.IntRange(0, 19).Draw(t, "places")
	price, err := moneyOf(coef, places, rapid.Bool().Draw(t, "negative"), rapid.SampledFrom([]string{"", "USD", "IQD"}).Draw(t, "currency"))
	if err != nil {
		t.Fatal(err)
	}
	p.Price = price
	return p
}

func TestASnapshotIsReadBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var onSale, withheld []esim.Package
		for i := range rapid.IntRange(1, 8).Draw(t, "packages") {
			onSale = append(onSale, anyPackage(t, i))
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "withheld") {
			withheld = append(withheld, anyPackage(t, i))
		}
		before := saved{rule: Equivalence{ExactBytes: rapid.Bool().Draw(t, "exact")}, syncedAt: map[esim.Provider]time.Time{}}
		var err error
		before.shelf, err = build(rapid.Uint64().Draw(t, "version"), before.rule, slices.Values(onSale))
		require.NoError(t, err)
		before.withheld, err = build(0, before.rule, slices.Values(withheld))
		require.NoError(t, err)
		for _, p := range []esim.Provider{"a", "b"} {
			before.syncedAt[p] = time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		}

		after, err := decode(encode(&before), before.rule)
		require.NoError(t, err)
		require.Equal(t, before.syncedAt, after.syncedAt)
		require.Equal(t, before.shelf.version, after.shelf.version)
		require.Equal(t, before.shelf, after.shelf, "rows, tables, postings, outlines and groups")
		require.Equal(t, slices.Collect(before.withheld.all), slices.Collect(after.withheld.all))
	})
}

// Every field of a package survives the index and its file. One that is new must
// be put there too, or this fails.
func TestASnapshotKeepsEveryField(t *testing.T) {
	whole := filled.Value[esim.Package]()
	after, err := decode(snapshotOf(shelfOf(t, []esim.Package{whole})), Equivalence{})
	require.NoError(t, err)
	require.Equal(t, whole, after.shelf.pack(0))
	for i := range reflect.TypeFor[esim.Package]().NumField() { // and every change of one is seen
		changed := whole
		field := reflect.ValueOf(&changed).Elem().Field(i)
		if field.SetZero(); changed.Provider == "" || changed.ID == "" {
			continue
		}
		s := shelfOf(t, []esim.Package{changed})
		require.NotZero(t, difference(after.shelf, &after.shelf.rows[0], s, &s.rows[0]), reflect.TypeFor[esim.Package]().Field(i).Name)
	}
}

func TestASnapshotOfAMarketIsReadBackAsItWas(t *testing.T) {
	before := shelfOf(t, market(5_000, 6))
	after, err := decode(snapshotOf(before), Equivalence{})
	require.NoError(t, err)
	assert.Equal(t, before, after.shelf)
}

// A snapshot taken under one rule and read under another is grouped anew.
func TestASnapshotFollowsTheRuleOfItsReader(t *testing.T) {
	packages := market(3_000, 7)
	before := shelfOf(t, packages)
	for _, rule := range []Equivalence{{ExactBytes: true}, {AnyNetwork: true}} {
		want, err := build(1, rule, slices.Values(packages))
		require.NoError(t, err)
		require.NotEqual(t, want.groups, before.groups)
		after, err := decode(snapshotOf(before), rule)
		require.NoError(t, err)
		assert.Equal(t, want, after.shelf)
	}

	// The same, when the rule of this library is another than it was.
	stale := shelfOf(t, packages)
	for i := range stale.groups {
		stale.groups[i].key++
	}
	after, err := decode(snapshotOf(stale), Equivalence{})
	require.NoError(t, err)
	assert.Equal(t, before, after.shelf)
}

func TestASnapshotThatIsNotWholeIsRefused(t *testing.T) {
	good := snapshotOf(shelfOf(t, market(50, 8)))
	head := func(at int, b byte) []byte {
		file := slices.Clone(good)
		file[at] = b
		return resealed(file)
	}
	tests := map[string]struct {
		file []byte
		want error
	}{
		"empty":         {nil, ErrSnapshotTruncated},
		"half a head":   {good[:5], ErrSnapshotTruncated},
		"cut short":     {good[:len(good)-1], ErrSnapshotTruncated},
		"too long":      {append(slices.Clone(good), 0), ErrSnapshotDamaged},
		"foreign":       {[]byte("SQLite format 3\x00 and so on, for some bytes"), ErrSnapshotForeign},
		"newer":         {head(len(snapshotMagic)+3, snapshotFormat+1), ErrSnapshotNewer},
		"older":         {head(len(snapshotMagic)+3, snapshotFormat-1), ErrSnapshotDamaged},
		"endless":       {head(len(snapshotMagic)+4, 0xff), ErrSnapshotDamaged},
		"longer inside": {seal([]byte{1}, []byte("text")), ErrSnapshotDamaged},
	}
	for name, test := range tests {
		_, err := decode(test.file, Equivalence{})
		assert.ErrorIs(t, err, test.want, name)
	}
	for at := range good {
		damaged := slices.Clone(good)
		damaged[at] ^= 0x10
		_, err := decode(damaged, Equivalence{})
		require.Error(t, err, "byte %d", at)
	}
}

// resealed gives a changed file a checksum that is right.
func resealed(file []byte) []byte {
	body := file[:len(file)-sha256.Size]
	sum := sha256.Sum256(body)
	return append(slices.Clone(body), sum[:]...)
}

// Whatever a file says behind a checksum that is right, it is refused, or it
// is a shelf that works.
func FuzzSnapshot(f *testing.F) {
	for _, n := range []int{0, 1, 20} {
		packages := market(n, 9)
		s, err := build(5, Equivalence{}, slices.Values(packages))
		if err != nil {
			f.Fatal(err)
		}
		numbers, texts, err := unseal(encode(&saved{shelf: s, withheld: emptyShelf(), syncedAt: map[esim.Provider]time.Time{"a": epoch}}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(numbers, texts)
	}
	f.Fuzz(refusedOrWhole)
}

// Every byte of a small snapshot is changed in turn.
func TestNoByteOfASnapshotIsBelieved(t *testing.T) {
	numbers, texts, err := unseal(snapshotOf(shelfOf(t, market(3, 9))))
	require.NoError(t, err)
	for at := range numbers {
		for _, value := range []byte{0, 1, 0x7f, 0x80, 0xff, numbers[at] + 1, numbers[at] - 1} {
			changed := slices.Clone(numbers)
			changed[at] = value
			refusedOrWhole(t, changed, texts)
		}
		refusedOrWhole(t, numbers[:at], texts)
	}
	_, err = decode(seal(numbers, texts[1:]), Equivalence{})
	require.ErrorIs(t, err, ErrSnapshotDamaged)
	_, err = decode(seal(append(slices.Clone(numbers), 0), texts), Equivalence{})
	require.ErrorIs(t, err, ErrSnapshotDamaged)
}

func refusedOrWhole(t *testing.T, numbers, texts []byte) {
	first, err := decode(seal(numbers, texts), Equivalence{})
	if err != nil {
		require.ErrorIs(t, err, ErrSnapshotDamaged)
		return
	}
	for p := range first.shelf.all {
		_, found := first.shelf.find(p.Provider, p.ID)
		require.True(t, found)
	}
	second, err := decode(encode(first), Equivalence{})
	require.NoError(t, err)
	require.Equal(t, slices.Collect(first.shelf.all), slices.Collect(second.shelf.all))
	require.Equal(t, first.syncedAt, second.syncedAt)
}

// A count that promises more than the file holds must not cost memory.
func TestASnapshotCannotAskForMemory(t *testing.T) {
	var numbers []byte
	for range 12 {
		numbers = binary.AppendUvarint(numbers, 0)
	}
	for at := range numbers {
		huge := slices.Concat(numbers[:at], binary.AppendUvarint(nil, math.MaxUint32), numbers[at:])
		before := allocated()
		_, err := decode(seal(huge, nil), Equivalence{})
		require.Error(t, err)
		assert.Less(t, allocated()-before, uint64(1<<20))
	}
}

func TestARestartFindsTheShelfAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.snap")
	now := epoch
	packages := market(500, 10)
	config := Config{Snapshot: path, Now: func() time.Time { return now }}
	for _, r := range resellers {
		config.Clients = append(config.Clients, newFake(r.provider, ofProvider(packages, r.provider)...))
	}
	first := newCatalog(t, config)
	require.NoError(t, first.Sync(t.Context()))
	require.NoError(t, first.Status().Snapshot)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	assert.Equal(t, []string{"catalog.snap"}, names(t, filepath.Dir(path)))

	now = now.Add(time.Hour)
	second := newCatalog(t, config)
	assert.Equal(t, slices.Collect(first.All()), slices.Collect(second.All()))
	assert.Equal(t, first.Status().Version, second.Status().Version)
	for _, p := range second.Status().Providers {
		assert.Equal(t, epoch, p.SyncedAt)
		assert.Equal(t, time.Hour, p.Age)
	}
	// A sync that changes nothing is on record, too.
	require.NoError(t, second.Sync(t.Context()))
	assert.Equal(t, now, newCatalog(t, config).Status().Providers[0].SyncedAt)
	assert.Equal(t, first.Status().Version, newCatalog(t, config).Status().Version)
}

func TestPackagesThatNobodySellsAreDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.snap")
	a, b := newFake("a", some("a", 3)...), newFake("b", some("b", 3)...)
	both := newCatalog(t, Config{Snapshot: path, Clients: []esim.Client{a, b}})
	require.NoError(t, both.Sync(t.Context()))

	one := newCatalog(t, Config{Snapshot: path, Clients: []esim.Client{b}})
	assert.Equal(t, some("b", 3), slices.Collect(one.All()))
	assert.Greater(t, one.Status().Version, both.Status().Version)
	assert.Equal(t, 3, one.Changes(both.Status().Version).count(Gone))

	// A reader without clients shows it all.
	assert.Equal(t, 6, newCatalog(t, Config{Snapshot: path}).Len())
}

func (c Changes) count(kind ChangeKind) (n int) {
	for _, change := range c.List {
		if change.Kind == kind {
			n++
		}
	}
	return n
}

func TestADamagedSnapshotIsSetAside(t *testing.T) {
	for name, file := range map[string][]byte{
		"damaged": []byte(snapshotMagic + "nonsense, and more of it, for more than a head and a checksum"),
		"foreign": []byte("hello"),
		"empty":   {},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "catalog.snap")
			require.NoError(t, os.WriteFile(path, file, 0o600))
			c := newCatalog(t, Config{Snapshot: path, Clients: []esim.Client{newFake("a", some("a", 3)...)}})
			require.Error(t, c.Status().Snapshot)
			assert.Zero(t, c.Len())
			kept, err := os.ReadFile(path + refusedSuffix)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(file, kept))

			require.NoError(t, c.Sync(t.Context()))
			require.NoError(t, c.Status().Snapshot)
			assert.Equal(t, 3, newCatalog(t, Config{Snapshot: path}).Len())
		})
	}
}

// A crash between writing and renaming leaves the old snapshot, and nothing
// that adds up.
func TestACrashWhileWritingLosesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "catalog.snap")
	require.NoError(t, write(path, snapshotOf(shelfOf(t, some("a", 3)))))
	leftover, err := os.CreateTemp(dir, leftovers(path))
	require.NoError(t, err)
	_, err = leftover.WriteString("half of a snapsh")
	require.NoError(t, err)
	require.NoError(t, leftover.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other.snap.1.writing"), nil, 0o600))

	c := newCatalog(t, Config{Snapshot: path})
	assert.Equal(t, 3, c.Len())
	require.NoError(t, c.Status().Snapshot)
	assert.Equal(t, []string{"catalog.snap", "other.snap.1.writing"}, names(t, dir))
}

// A shelf that cannot be saved is published, and Status tells.
func TestASnapshotThatCannotBeWrittenIsToldOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no such directory", "catalog.snap")
	c := newCatalog(t, Config{Snapshot: path, Clients: []esim.Client{newFake("a", some("a", 3)...)}})
	require.NoError(t, c.Status().Snapshot)
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, 3, c.Len())
	require.ErrorIs(t, c.Status().Snapshot, fs.ErrNotExist)

	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
	require.NoError(t, c.Sync(t.Context()))
	assert.NoError(t, c.Status().Snapshot)
}

// A snapshot that is no file is left alone.
func TestASnapshotThatIsADirectoryIsNotRenamed(t *testing.T) {
	path := t.TempDir()
	c := newCatalog(t, Config{Snapshot: path})
	require.Error(t, c.Status().Snapshot)
	assert.DirExists(t, path)
}

func TestMoneyOfNineteenDigits(t *testing.T) {
	for _, text := range []string{"9999999999999999999", "-9.999999999999999999", "0.9999999999999999999", "-0.01", "0", "9223372036854775808"} {
		want, err := esim.ParseMoney(text, "USD")
		require.NoError(t, err)
		units, places, negative := want.Parts()
		got, err := moneyOf(units, places, negative, "USD")
		require.NoError(t, err)
		assert.Equal(t, want, got, text)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
