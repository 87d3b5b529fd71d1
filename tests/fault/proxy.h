// A TCP proxy on loopback that a test can make slow, cut or silent: a stable address in front of a
// service that dies and comes back on another port.
#ifndef TACT_TESTS_FAULT_PROXY_H_
#define TACT_TESTS_FAULT_PROXY_H_

#include <atomic>
#include <list>
#include <string>
#include <thread>

namespace tact::testing {

enum class Wire {
  kPass,
  kSlow,       // some 50 KB a second each way
  kCut,        // connections end, and new ones at once
  kBlackHole,  // connections stay, and nothing passes
};

class TcpProxy {
 public:
  TcpProxy();
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void SetTarget(int port) { target_ = port; }  // of the service, on loopback; 0: nobody is there
  void Set(Wire wire) { wire_ = wire; }

 private:
  // Bytes on their way from one socket to the other.
  struct Flow {
    int from = -1, to = -1;
    std::string pending;
  };
  struct Connection {
    Flow there, back;
  };
  void Loop();
  void Accept();
  void ServeAll(Wire wire);
  static bool Read(Flow& flow, size_t most);
  static bool Write(Flow& flow, size_t most);
  static void Close(Connection& connection);

  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> target_ = 0;
  std::atomic<Wire> wire_ = Wire::kPass;
  std::atomic<bool> stopping_ = false;
  std::list<Connection> connections_;  // the thread's own
  std::thread thread_;
};

}  // namespace tact::testing

#endif  // TACT_TESTS_FAULT_PROXY_H_
