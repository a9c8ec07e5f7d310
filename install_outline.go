package esim

// installFact is what an eSIM must have for a line to concern it.
type installFact int

const (
	always installFact = iota
	withAPN
	withMatchingID
	withConfirmationCode
)

type installLine struct {
	key      InstallKey
	onlyWith installFact
}

// installRules are what a traveller must know, the costliest mistakes first.
//
//   - once, keep: after the profile is installed the SM-DP+ gives it out no
//     more, unless its owner releases it again (GSMA SGP.22, life cycle of a
//     profile at the SM-DP+). To delete it is to lose what was paid.
//   - unlocked, wifi: Apple asks for an unlocked iPhone XS, XR or later and for
//     Wi-Fi or a hotspot (support.apple.com/HT212780); Android's are the same.
//   - roaming: travel eSIMs come from an operator abroad, so the phone is
//     roaming at the destination and keeps data off unless it is told.
//   - confirmation: the last field of the activation code (SGP.22, section 4.1).
var installRules = []installLine{
	{key: "rule.unlocked"},
	{key: "rule.wifi"},
	{key: "rule.once"},
	{key: "rule.keep"},
	{key: "rule.private"},
	{key: "rule.confirmation", onlyWith: withConfirmationCode},
	{key: "rule.data"},
	{key: "rule.roaming"},
}

// installOutline is a section of a guide before it has texts.
type installOutline struct {
	name     InstallKey
	ways     []installWayOutline
	settings []installLine
}

type installWayOutline struct {
	method InstallMethod
	title  InstallKey
	link   func(ActivationCode) string
	fields []installFieldOutline
	steps  []installLine
}

type installFieldOutline struct {
	label InstallKey
	value func(ActivationCode) string // a field without a value is left out
}

// installOutlines is read only.
//
// The form of an iPhone asks for the SM-DP+ address and the matching ID, which
// it calls the activation code, apart. Android's has one field for the whole
// code, as in the QR code.
//
// Apple's link works from iOS 17.4 on. That of Android rests on what resellers
// send and their customers report (Android 10 and later on Pixel and newer
// Galaxy phones): Google documents none. So it is never the only way.
var installOutlines = map[InstallPlatform]installOutline{
	InstallIPhone: {
		name: "iphone.name",
		ways: []installWayOutline{
			{
				method: InstallByLink, title: "iphone.link.title", link: ActivationCode.AppleInstallURL,
				steps: []installLine{
					{key: "iphone.link.tap"},
					{key: "iphone.confirm", onlyWith: withConfirmationCode},
					{key: "iphone.finish"},
				},
			},
			{
				method: InstallByQR, title: "iphone.qr.title",
				steps: []installLine{
					{key: "iphone.qr.show"},
					{key: "iphone.add"},
					{key: "iphone.qr.scan"},
					{key: "iphone.confirm", onlyWith: withConfirmationCode},
					{key: "iphone.finish"},
				},
			},
			{
				method: InstallByHand, title: "iphone.manual.title",
				fields: []installFieldOutline{
					{"iphone.manual.label.address", func(a ActivationCode) string { return a.SMDPAddress }},
					{"iphone.manual.label.code", func(a ActivationCode) string { return a.MatchingID }},
				},
				steps: []installLine{
					{key: "iphone.add"},
					{key: "iphone.manual.open"},
					{key: "iphone.manual.address"},
					{key: "iphone.manual.code", onlyWith: withMatchingID},
					{key: "iphone.confirm", onlyWith: withConfirmationCode},
					{key: "iphone.finish"},
				},
			},
		},
		settings: []installLine{
			{key: "iphone.settings.data"},
			{key: "iphone.settings.roaming"},
			{key: "iphone.settings.apn", onlyWith: withAPN},
		},
	},
	InstallAndroid: {
		name: "android.name",
		ways: []installWayOutline{
			{
				method: InstallByLink, title: "android.link.title", link: ActivationCode.AndroidInstallURL,
				steps: []installLine{
					{key: "android.link.tap"},
					{key: "android.confirm", onlyWith: withConfirmationCode},
					{key: "android.finish"},
				},
			},
			{
				method: InstallByQR, title: "android.qr.title",
				steps: []installLine{
					{key: "android.qr.show"},
					{key: "android.add"},
					{key: "android.qr.scan"},
					{key: "android.confirm", onlyWith: withConfirmationCode},
					{key: "android.finish"},
				},
			},
			{
				method: InstallByHand, title: "android.manual.title",
				fields: []installFieldOutline{{"android.manual.label.code", ActivationCode.LPA}},
				steps: []installLine{
					{key: "android.add"},
					{key: "android.manual.open"},
					{key: "android.manual.code"},
					{key: "android.confirm", onlyWith: withConfirmationCode},
					{key: "android.finish"},
				},
			},
		},
		settings: []installLine{
			{key: "android.settings.data"},
			{key: "android.settings.roaming"},
			{key: "android.settings.apn", onlyWith: withAPN},
		},
	},
}
