package simulator

import (
	"net/http"
	"time"

	"github.com/esimkit/esim/esimtest/internal/random"
)

// Option changes how a [Simulator] behaves from its start.
type Option func(*options)

type options struct {
	seed         int64
	balance      string
	currency     string
	packages     int
	ids          []string
	provisioning time.Duration
	processing   time.Duration
	webhookURL   string
	webhookHTTP  *http.Client
	listen       string
	oldPending   bool
	singleToken  bool
	bareOrders   bool
	rateLimit    int
	installAfter time.Duration
	perHour      int64
	start        time.Time // of a clock that stands still; zero = the real one
	socketless   bool      // no sockets
	worlds       []World
}

func defaults() options {
	return options{
		seed:         1,
		balance:      "10000",
		currency:     "USD",
		packages:     320,
		provisioning: 2 * time.Second,
		listen:       "127.0.0.1:0",
		installAfter: 2 * time.Hour,
		perHour:      64 << 20,
	}
}

// WithSeed sets the seed of everything that looks random: ICCIDs, matching
// IDs, option ids, the draws of a [esimtest.Schedule]. The default is 1.
// Credentials and tokens do not depend on it: they are the same in every run.
func WithSeed(seed int64) Option { return func(o *options) { o.seed = seed } }

// WithBalance sets the prepaid balance at each provider, a decimal amount.
// The default is 10000.
func WithBalance(amount string) Option { return func(o *options) { o.balance = amount } }

// WithCurrency sets the currency of the eSIMfly account: USD (the default),
// IQD with whole prices a thousand times larger, or EUR, which makes it an
// enterprise account. The other two providers deal in USD.
func WithCurrency(code string) Option { return func(o *options) { o.currency = code } }

// WithPackages sets the size of each provider's catalogue; the default is
// 320. Packages are made when they are asked for, so 100,000 cost little.
func WithPackages(n int) Option { return func(o *options) { o.packages = n } }

// WithPackageIDs names the first packages of each catalogue. Resellers name them as
// they like, with spaces, slashes and letters beyond ASCII. The ids are in lower
// case, since eSIM Story takes them in any.
func WithPackageIDs(ids ...string) Option { return func(o *options) { o.ids = ids } }

// WithProvisioningDelay sets how much simulated time passes between the order
// and the delivery of what is not delivered in the answer: eSIMfly's
// asynchronous packages and every unit of eSIM Story. The default is 2 s.
func WithProvisioningDelay(d time.Duration) Option {
	return func(o *options) { o.provisioning = d }
}

// WithProcessingTime sets how much real time a purchase takes, during which
// it is in flight: nothing is charged yet and its reference is taken. The
// default is 0.
func WithProcessingTime(d time.Duration) Option { return func(o *options) { o.processing = d } }

// WithWebhookURL sets where all three providers send their webhooks. See also
// [Server.SetWebhook].
func WithWebhookURL(url string) Option { return func(o *options) { o.webhookURL = url } }

// WithWebhookClient lends the client that webhooks are sent with, for a
// receiver with a certificate of its own. Its timeout and redirect policy are
// replaced by the simulator's: 10 s, and no redirects.
func WithWebhookClient(c *http.Client) Option { return func(o *options) { o.webhookHTTP = c } }

// WithOldPendingShape makes eSIMfly answer pending orders as its
// documentation of August 2025 shows them: one eSIM whose ICCID begins with
// PENDING, and no isPending at the top.
func WithOldPendingShape() Option { return func(o *options) { o.oldPending = true } }

// WithSingleToken makes each login at eSIMfx end the token before it.
func WithSingleToken() Option { return func(o *options) { o.singleToken = true } }

// WithBareOrderLists makes eSIMfx return the orders of an eSIM as an array
// directly in data instead of data.orders.
func WithBareOrderLists() Option { return func(o *options) { o.bareOrders = true } }

// WithRateLimit makes eSIMfly refuse more than n requests in a minute of
// simulated time. By default its headers announce a limit that is never
// reached.
func WithRateLimit(n int) Option { return func(o *options) { o.rateLimit = n } }

// WithTravel sets when travellers install their eSIM, counted from its
// delivery, and how many bytes they use an hour from then on. The default is
// 2 hours and 64 MiB. A negative time means that nobody installs anything.
func WithTravel(installAfter time.Duration, bytesPerHour int64) Option {
	return func(o *options) { o.installAfter, o.perHour = installAfter, bytesPerHour }
}

// WithListen sets the address to listen on instead of free loopback ports:
// host and port of eSIMfly. eSIM Story and eSIMfx take the two ports after it.
// Such ports are opened by [New], free ones when [Server.URL] is asked for.
func WithListen(addr string) Option { return func(o *options) { o.listen = addr } }

// WithClock stops the simulated time at start: nothing but [Simulator.Advance]
// moves it, and what is due on the way, webhooks and deliveries, is done in
// order by the goroutine that calls it. Then a run depends on the seed and on
// the calls alone, and the Delay of FaultRefuse is simulated time. FaultDelay, FaultSlowBody and
// [WithProcessingTime] still take real time. A client is to sign with
// [Simulator.Now].
func WithClock(start time.Time) Option {
	return func(o *options) { o.start = start.UTC().Round(0) }
}

// WithoutListeners opens no sockets. The URLs are loopback ones at which
// nothing listens: ports 1 to 3, or those of [WithListen]. Only
// [Server.Transport] reaches them.
func WithoutListeners() Option { return func(o *options) { o.socketless = true } }

// secret is the n-th secret behind a prefix that tests can search for. It is the
// same in every run: nothing that it protects is worth anything.
func secret(prefix string, n int) string {
	return prefix + random.Letters(26, random.Base32, 1, random.Hash(prefix), uint64(n)) //nolint:gosec // counts from 0
}
