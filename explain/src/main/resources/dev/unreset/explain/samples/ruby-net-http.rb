require "net/http"

def get(uri, tries: 4)
  tries.times do |attempt|
    return Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https",
                           open_timeout: 5, read_timeout: 60, keep_alive_timeout: 2) do |http|
      answer = http.get(uri.request_uri, "Accept-Encoding" => "identity")
      length = answer["Content-Length"]
      # Net::HTTP takes a body that was cut by FIN as whole: count the bytes.
      raise EOFError, "body cut" if length && answer.body.bytesize != length.to_i
      answer.body
    end
  rescue SystemCallError, IOError, Net::OpenTimeout, Net::ReadTimeout   # ECONNRESET, EPIPE, EOFError ...
    raise if attempt == tries - 1
    sleep 2**attempt
  end
end

puts get(URI("https://example.com/file")).bytesize
