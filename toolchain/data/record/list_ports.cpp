#include <libserialport.h>

#include <algorithm>

#include "toolchain/data/record/port.h"

namespace mote {

Result<std::vector<PortDescription>> list_ports() {
  sp_port** ports = nullptr;
  if (sp_list_ports(&ports) != SP_OK) return input_error("the serial ports of this machine cannot be listed");
  std::vector<PortDescription> found;
  for (sp_port** port = ports; *port != nullptr; ++port) {
    PortDescription description{sp_get_port_name(*port), "", 0, 0};
    if (const char* text = sp_get_port_description(*port)) description.description = text;
    if (sp_get_port_usb_vid_pid(*port, &description.vendor, &description.product) != SP_OK)
      description.vendor = description.product = 0;
    found.push_back(std::move(description));
  }
  sp_free_port_list(ports);
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return found;
}

}  // namespace mote
