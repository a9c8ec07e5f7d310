package simulator_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// One request meets a fault, the next one is refused for want of credentials.
func Example() {
	sim, err := simulator.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()
	sim.ESIMFly.Inject(esimtest.Fault{Op: "balance", Kind: esimtest.Fault503Before})
	client := http.Client{Transport: sim.Transport()} // no port is opened
	for range 2 {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, sim.ESIMFly.LocalURL()+"/balance", http.NoBody)
		if err != nil {
			fmt.Println(err)
			return
		}
		answer, err := client.Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(answer.StatusCode, answer.Body.Close())
	}
	fmt.Println(sim.Violations())
	// Output:
	// 503 <nil>
	// 401 <nil>
	// [esimfly: balance: Authentication required esimfly: balance: Authentication required]
}

// A program that serves the three providers on the ports 8801 to 8803, for
// software in other languages to be pointed at. In a program of its own this
// is the main function.
func Example_standalone() {
	main := func() {
		sim, err := simulator.New(simulator.WithListen("127.0.0.1:8801"))
		if err != nil {
			fmt.Println(err)
			return
		}
		defer sim.Close()
		fmt.Println("eSIMfly   ", sim.ESIMFly.URL(), sim.ESIMFly.AccessCode, sim.ESIMFly.SecretKey)
		fmt.Println("eSIM Story", sim.ESIMStory.URL(), sim.ESIMStory.AccessKey, sim.ESIMStory.SecretKey)
		fmt.Println("eSIMfx    ", sim.ESIMFX.URL(), sim.ESIMFX.ClientID, sim.ESIMFX.ClientKey)
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		<-interrupted
	}
	_ = main // would run until it is interrupted
}
