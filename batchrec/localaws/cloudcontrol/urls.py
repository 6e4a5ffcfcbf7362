"""Where Cloud Control answers."""

from batchrec.localaws.cloudcontrol.responses import CloudControlResponse

url_bases = [r"https?://cloudcontrolapi\.(.+)\.amazonaws\.com"]
url_paths = {"{0}/$": CloudControlResponse.dispatch}
