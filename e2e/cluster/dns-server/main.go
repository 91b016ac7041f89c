// The DNS server of the tests: a few fixed names, everything else does not exist.
package main

import (
	"encoding/binary"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Documentation addresses (RFC 5737), so that nobody mistakes an answer for a real host.
var addresses = map[string][4]byte{
	"answer.crashcart.test.": {192, 0, 2, 53},
	"other.crashcart.test.":  {192, 0, 2, 54},
	// What a pod's search list makes of the short name `answer`.
	"answer.targets.svc.cluster.local.": {192, 0, 2, 55},
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: dns-server ADDRESS:PORT")
	}
	packets, err := net.ListenPacket("udp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s", os.Args[1])
	go serveConnections(listener)
	buffer := make([]byte, 65535)
	for {
		size, client, err := packets.ReadFrom(buffer)
		if err != nil {
			log.Fatal(err)
		}
		if reply, err := answer(buffer[:size]); err == nil {
			packets.WriteTo(reply, client)
		}
	}
}

func serveConnections(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serveConnection(connection)
	}
}

func serveConnection(connection net.Conn) {
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(10 * time.Second))
	for {
		var size uint16
		if binary.Read(connection, binary.BigEndian, &size) != nil {
			return
		}
		query := make([]byte, size)
		if _, err := io.ReadFull(connection, query); err != nil {
			return
		}
		reply, err := answer(query)
		if err != nil {
			return
		}
		connection.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
	}
}

func answer(query []byte) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(query)
	if err != nil {
		return nil, err
	}
	question, err := parser.Question()
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(question.Name.String())
	address, known := addresses[name]
	reply := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: header.ID, Response: true, Authoritative: true,
			RecursionDesired: header.RecursionDesired, RecursionAvailable: true,
		},
		Questions: []dnsmessage.Question{question},
	}
	if !known {
		reply.Header.RCode = dnsmessage.RCodeNameError
	} else if question.Type == dnsmessage.TypeA {
		reply.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 5},
			Body:   &dnsmessage.AResource{A: address},
		}}
	}
	return reply.Pack()
}
