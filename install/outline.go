package install

import "github.com/esimkit/esim"

type line struct {
	key      Key
	onlyWith fact
}

// rules are what a traveller must know, the costliest mistakes first.
//
//   - date, days: after it the reseller's clock may start the plan, or end the eSIM.
//   - once, keep: after the profile is installed the SM-DP+ gives it out no
//     more, unless its owner releases it again (GSMA SGP.22, life cycle of a
//     profile at the SM-DP+). To delete it is to lose what was paid.
//   - unlocked, wifi: Apple asks for an unlocked iPhone XS, XR or later and for
//     Wi-Fi or a hotspot (support.apple.com/HT212780); Android's are the same.
//   - roaming: travel eSIMs come from an operator abroad, so the phone is
//     roaming at the destination and keeps data off unless it is told.
//   - confirmation: the last field of the activation code (SGP.22, section 4.1).
var rules = []line{
	{key: "rule.unlocked"},
	{key: "rule.wifi"},
	{key: "rule.date", onlyWith: withDate},
	{key: "rule.days", onlyWith: withDays},
	{key: "rule.valid.purchase", onlyWith: validFromPurchase},
	{key: "rule.valid.installation", onlyWith: validFromInstallation},
	{key: "rule.valid.first-use", onlyWith: validFromFirstUse},
	{key: "rule.once"},
	{key: "rule.keep"},
	{key: "rule.private"},
	{key: "rule.confirmation", onlyWith: withConfirmationCode},
	{key: "rule.data"},
	{key: "rule.roaming"},
	{key: "rule.number", onlyWith: withNumber},
}

// outline is a section of a guide before it has texts.
type outline struct {
	name     Key
	ways     []wayOutline
	settings []line
}

type wayOutline struct {
	method Method
	title  Key
	link   func(esim.ActivationCode) string
	fields []fieldOutline
	steps  []line
}

type fieldOutline struct {
	label Key
	value func(esim.ActivationCode) string // a field without a value is left out
}

// outlines is read only.
//
// The form of an iPhone asks for the SM-DP+ address and the matching ID, which
// it calls the activation code, apart. Android's has one field for the whole
// code, as in the QR code.
//
// Apple's link works from iOS 17.4 on. That of Android rests on what resellers
// send and their customers report (Android 10 and later on Pixel and newer
// Galaxy phones): Google documents none. So it is never the only way.
var outlines = map[Platform]outline{
	IPhone: {
		name: "iphone.name",
		ways: []wayOutline{
			{
				method: ByLink, title: "iphone.link.title", link: esim.ActivationCode.AppleInstallURL,
				steps: []line{
					{key: "iphone.link.tap"},
					{key: "iphone.confirm", onlyWith: withConfirmationCode},
					{key: "iphone.finish"},
				},
			},
			{
				method: ByQR, title: "iphone.qr.title",
				steps: []line{
					{key: "iphone.qr.show"},
					{key: "iphone.add"},
					{key: "iphone.qr.scan"},
					{key: "iphone.confirm", onlyWith: withConfirmationCode},
					{key: "iphone.finish"},
				},
			},
			{
				method: ByHand, title: "iphone.manual.title",
				fields: []fieldOutline{
					{"iphone.manual.label.address", func(a esim.ActivationCode) string { return a.SMDPAddress }},
					{"iphone.manual.label.code", func(a esim.ActivationCode) string { return a.MatchingID }},
				},
				steps: []line{
					{key: "iphone.add"},
					{key: "iphone.manual.open"},
					{key: "iphone.manual.address"},
					{key: "iphone.manual.code", onlyWith: withMatchingID},
					{key: "iphone.confirm", onlyWith: withConfirmationCode},
					{key: "iphone.finish"},
				},
			},
		},
		settings: []line{
			{key: "iphone.settings.data"},
			{key: "iphone.settings.roaming"},
			{key: "iphone.settings.apn", onlyWith: withAPN},
		},
	},
	Android: {
		name: "android.name",
		ways: []wayOutline{
			{
				method: ByLink, title: "android.link.title", link: esim.ActivationCode.AndroidInstallURL,
				steps: []line{
					{key: "android.link.tap"},
					{key: "android.confirm", onlyWith: withConfirmationCode},
					{key: "android.finish"},
				},
			},
			{
				method: ByQR, title: "android.qr.title",
				steps: []line{
					{key: "android.qr.show"},
					{key: "android.add"},
					{key: "android.qr.scan"},
					{key: "android.confirm", onlyWith: withConfirmationCode},
					{key: "android.finish"},
				},
			},
			{
				method: ByHand, title: "android.manual.title",
				fields: []fieldOutline{{"android.manual.label.code", esim.ActivationCode.LPA}},
				steps: []line{
					{key: "android.add"},
					{key: "android.manual.open"},
					{key: "android.manual.code"},
					{key: "android.confirm", onlyWith: withConfirmationCode},
					{key: "android.finish"},
				},
			},
		},
		settings: []line{
			{key: "android.settings.data"},
			{key: "android.settings.roaming"},
			{key: "android.settings.apn", onlyWith: withAPN},
		},
	},
}
