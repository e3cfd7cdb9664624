// One for the whole program. A new HttpClient for each request uses up the local ports.
using var client = new HttpClient(new SocketsHttpHandler
{
    ConnectTimeout = TimeSpan.FromSeconds(5),
    PooledConnectionIdleTimeout = TimeSpan.FromSeconds(4),  // below the server's idle limit
    MaxConnectionsPerServer = 16,
});
for (var attempt = 0; ; attempt++)
{
    try
    {
        Console.WriteLine((await client.GetByteArrayAsync("https://example.com/file")).Length);
        break;
    }
    catch (Exception e) when (attempt < 3 && (e is HttpRequestException || e is IOException))
    {
        await Task.Delay(TimeSpan.FromSeconds(1 << attempt));   // a GET may be repeated
    }
}
