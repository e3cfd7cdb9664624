package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What servers say before they end a connection, as they said it.
class LastWordsTest {

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    -ERR max number of clients reached                                | CONNECTION_LIMIT
                    ERROR Too many open connections                                   | CONNECTION_LIMIT
                    421 There are too many connected users, please try later.         | CONNECTION_LIMIT
                    SFATAL C53300 Msorry, too many clients already                    | CONNECTION_LIMIT
                    Exceeded MaxStartups                                              | CONNECTION_LIMIT
                    421 Too many concurrent SMTP connections; please try again later. | CONNECTION_LIMIT
                    550 too many connections per minute, slow down                    | RATE_LIMIT
                    #42000User 'u' has exceeded the 'max_connections_per_hour'        | RATE_LIMIT
                    554 SMTP synchronization error                                    | PROTOCOL_VIOLATION
                    -ERR max connections reached, try again later                     | CONNECTION_LIMIT
                    SFATAL Mremaining connection slots are reserved for the SUPERUSER | CONNECTION_LIMIT
                    * BYE Maximum number of connections from user+IP exceeded         | CONNECTION_LIMIT
                    #42000User has exceeded the 'max_user_connections' resource       | CONNECTION_LIMIT
                    session limit reached                                             | CONNECTION_LIMIT
                    BUSY max children reached                                         | CONNECTION_LIMIT
                    503 no free slots                                                 | CONNECTION_LIMIT
                    the server is full                                                | CONNECTION_LIMIT
                    all workers are busy, call again                                  | CONNECTION_LIMIT
                    no more workers                                                   | CONNECTION_LIMIT
                    421 no available processes left                                   | CONNECTION_LIMIT
                    all slots are in use                                              | CONNECTION_LIMIT
                    worker threads exhausted                                          | CONNECTION_LIMIT
                    ERR thread pool is full                                           | CONNECTION_LIMIT
                    connection pool exhausted                                         | CONNECTION_LIMIT
                    maximum number of worker threads exceeded                         | CONNECTION_LIMIT
                    421 service too busy, try again later                             | CONNECTION_LIMIT
                    server overloaded                                                 | CONNECTION_LIMIT
                    server is at capacity                                             | CONNECTION_LIMIT
                    {"error":"server is full"}                                        | CONNECTION_LIMIT
                    {"status":"fail","message":"server is full"}                      | CONNECTION_LIMIT
                    {"code":503,"message":"no free slots"}                            | CONNECTION_LIMIT
                    Server is full - please try again later                           | CONNECTION_LIMIT
                    ERR no available workers to handle the request                    | CONNECTION_LIMIT
                    There are no free slots on this server                            | CONNECTION_LIMIT
                    421 mail server busy, try later                                   | CONNECTION_LIMIT
                    max processes reached (disk queue)                                | CONNECTION_LIMIT
                    no free slot                                                      | CONNECTION_LIMIT
                    maximum child process exceeded                                    | CONNECTION_LIMIT
                    Service busy - retry                                              | CONNECTION_LIMIT
                    ERROR :Closing Link: host (Server is full - try another)          | CONNECTION_LIMIT
                    ERROR :Closing link: (u@host) [RecvQ exceeded]                    | PROTOCOL_VIOLATION
                    All workers are busy processing other requests                    | CONNECTION_LIMIT
                    421 All threads busy serving other clients, try later             | CONNECTION_LIMIT
                    All slots are in use by other players                             | CONNECTION_LIMIT
                    worker threads exhausted in pool web                              | CONNECTION_LIMIT
                    server is full, shutting down your connection                     | CONNECTION_LIMIT
                    ERR no available workers for this request                         | CONNECTION_LIMIT
                    ERR no free slots for client 10.0.0.1                             | CONNECTION_LIMIT
                    ERR no free workers on host web3                                  | CONNECTION_LIMIT
                    ERR no available threads to run query                             | CONNECTION_LIMIT
                    ERR storage service is busy, all threads exhausted                | CONNECTION_LIMIT
                    {"result":"error","code":0,"message":"server is busy"}            | CONNECTION_LIMIT
                    Server too busy, shutting down connection                         | CONNECTION_LIMIT
                    no more connections allowed from your host                        | CONNECTION_LIMIT
                    QUOTA 65536 EXCEEDED                                              | TRANSFER_LIMIT
                    553 download limit reached                                        | TRANSFER_LIMIT
                    552 upload quota of 1000000 bytes per connection exhausted        | TRANSFER_LIMIT
                    connection quota exceeded                                         | CONNECTION_LIMIT
                    request quota exceeded: too many requests, slow down              | RATE_LIMIT
                    450 4.7.1 rate limit exceeded                                     | RATE_LIMIT
                    -ERR too many requests                                            | RATE_LIMIT
                    too many commands, wait                                           | RATE_LIMIT
                    you send too fast                                                 | RATE_LIMIT
                    <Code>Slow Down</Code>                                            | RATE_LIMIT
                    request was throttled                                             | RATE_LIMIT
                    ENHANCE_YOUR_CALM                                                 | RATE_LIMIT
                    421 Service not allowed at this time                              | RATE_LIMIT
                    ERROR :Closing Link: (Excess Flood)                               | RATE_LIMIT
                    SFATAL C57P05 Mterminating connection due to idle-session timeout | IDLE_TIMEOUT
                    421 Timeout.                                                      | IDLE_TIMEOUT
                    * BYE Disconnected for inactivity.                                | IDLE_TIMEOUT
                    421 Autologout                                                    | IDLE_TIMEOUT
                    closing idle client                                               | IDLE_TIMEOUT
                    -ERR connection idle 2 h, closing                                 | IDLE_TIMEOUT
                    bye: idle: 300                                                    | IDLE_TIMEOUT
                    stale connection                                                  | IDLE_TIMEOUT
                    disconnected after 300 idle seconds                               | IDLE_TIMEOUT
                    closing connection: idle=300s                                     | IDLE_TIMEOUT
                    SFATAL Mterminating connection due to administrator command       | SERVER_RESTART
                    SFATAL Mthe database system is shutting down                      | SERVER_RESTART
                    SWARNING because of crash of another server process               | SERVER_RESTART
                    #08S01Server shutdown in progress                                 | SERVER_RESTART
                    the system is going down for maintenance                          | SERVER_RESTART
                    421 restarting, try again                                         | SERVER_RESTART
                    Server maintenance: shutting down connections                     | SERVER_RESTART
                    shutting down session services                                    | SERVER_RESTART
                    ERR server is busy shutting down                                  | SERVER_RESTART
                    service overloaded, shutting down for restart                     | SERVER_RESTART
                    CONNECTION_FORCED - broker forced connection closure              | SERVER_RESTART
                    SFATAL Mterminating connection due to unexpected postmaster exit  | SERVER_RESTART
                    Invalid SSH identification string.                                | PROTOCOL_VIOLATION
                    -ERR Protocol error: invalid bulk length                          | PROTOCOL_VIOLATION
                    #08S01Got a packet bigger than 'max_allowed_packet' bytes         | PROTOCOL_VIOLATION
                    Protocol mismatch.                                                | PROTOCOL_VIOLATION
                    550 policy violation                                              | PROTOCOL_VIOLATION
                    #HY000Malformed communication packet.                             | PROTOCOL_VIOLATION
                    #08S01Bad handshake                                               | PROTOCOL_VIOLATION
                    #08S01Got packets out of order                                    | PROTOCOL_VIOLATION
                    SFATAL Munsupported frontend protocol 255.255                     | PROTOCOL_VIOLATION
                    500 unrecognised command                                          | PROTOCOL_VIOLATION
                    500 5.5.2 Error: command not recognized                           | PROTOCOL_VIOLATION
                    -ERR 'Unknown Protocol Operation'                                 | PROTOCOL_VIOLATION
                    Protocol major versions differ.                                   | PROTOCOL_VIOLATION
                    -ERR unknown command 'GETT'                                       | PROTOCOL_VIOLATION
                    500 HELO not understood                                           | PROTOCOL_VIOLATION
                    SERROR Msyntax error at or near "x"                               | PROTOCOL_VIOLATION
                    FRAME_ERROR - type 72                                             | PROTOCOL_VIOLATION
                    UNEXPECTED_FRAME - expected method frame                          | PROTOCOL_VIOLATION
                    -ERR too big                                                      | PROTOCOL_VIOLATION
                    SERVER_ERROR object too large for cache                           | PROTOCOL_VIOLATION
                    CLIENT_ERROR line without its end                                 | PROTOCOL_VIOLATION
                    421 4.7.0 Error: too many errors                                  | PROTOCOL_VIOLATION
                    All network ports in use.                                         | CONNECTION_LIMIT
                    ERROR message:Unknown STOMP action: BLAH                          | PROTOCOL_VIOLATION
                    bad_magic                                                         | PROTOCOL_VIOLATION
                    ERROR :Oops, HTTP request received? This is IRC!                  | PROTOCOL_VIOLATION
                    This is not an HTTP port                                          | PROTOCOL_VIOLATION
                    {"error":{"code":-32700,"message":"Parse error"}}                 | PROTOCOL_VIOLATION
                    """)
    void anErrorTextNamesTheCause(String text, Cause cause) {
        assertThat(meaning("", text)).contains(cause);
    }

    /// Quotas and rooms that end no connection.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "* CAPABILITY IMAP4rev1 QUOTA",
                "452 Mailbox quota exceeded",
                "a NO [OVERQUOTA] Quota exceeded",
                "user quota: 7",
                "452 file system full",
                "552 5.2.2 the mailbox on this server is full",
                "452 Mailbox full, the mail server is full",
                "452 disk of the server is full",
                "451 4.3.2 server busy, greylisted",
                "server fully restored",
                "220 Server Full-Text Search ready",
                "200 search service full text index rebuilt",
                "Welcome to server BusyBox",
                "the microservice is busyloading",
                "worker busy for 12 s on job 77",
                "the game server is full of bots",
                "workers busy 5 of 8",
                "{\"workers busy\":5,\"errors\":0}",
                "db pool full: no",
                "no more threads to show",
                "no more processes to kill",
                "Sorry, there are no available slots to book on Friday.",
                "552 disk block pool is exhausted",
                "ERR storage volume thin pool is exhausted",
                "{\"code\":0,\"message\":\"job queued, all workers busy\"}",
                "no available players for this game",
                "452 storage pool exhausted",
                "the disk of the server is at capacity, server is full",
                "{\"code\":0,\"message\":\"ok\",\"note\":\"workers busy\"}",
                "workers busy 5 idle 3",
                "{\"event\":\"tick\",\"msg\":\"No available peers for torrent 3\"}",
                "{\"workers\":[{\"state\":\"all threads busy\"}]}",
                "VALUE k 0 40\r\nall workers busy since monday\r\nEND\r\n",
                "RESERVED 12 40\r\nno free workers\r\n",
                "* 1 FETCH (BODY[] {60}\r\nall slots are in use\r\n",
                ":bob!b@h PRIVMSG #chan :the game server is full\r\n",
                "220 0 <a@b> article\r\nno more threads about politics please\r\n",
                "552 maximum message size exceeded",
                "% This is not an authoritative service",
                "This is not a public service.",
                ":irc 375 a :this is IRC network example",
                "425 No free ports for the data connection",
                "12 ports in use",
                "no free ports: 0",
                "{\"parse error\":0,\"code\":-3270}",
                "17 parse errors so far, bad_magic: 3",
                "unknown user action",
                "$ 17 connection timeouts"
            })
    void whatIsFullElsewhereEndsNoConnection(String text) {
        assertThat(meaning("", text)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "429, RATE_LIMIT",
        "509, TRANSFER_LIMIT",
        "503, CONNECTION_LIMIT",
        "408, IDLE_TIMEOUT",
        "413, PROTOCOL_VIOLATION"
    })
    void aStatusNamesTheCause(int status, Cause cause) {
        String answer = "HTTP/1.1 " + status + " Said\r\nContent-Length: 0\r\n\r\n";

        assertThat(meaning(answer, answer)).contains(cause);
    }

    @Test
    void aGoodAnswerIsNotSearchedForWords() {
        String answer = "HTTP/1.1 200 OK\r\n\r\nthe timeout for too many connections is invalid";

        assertThat(meaning(answer, answer)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "OK 41\r\n---\ntotal-job-timeouts: 0\ncurrent-idle: 1\n\r\n",
                "STAT conn_timeouts 0\r\nSTAT idle_kicks 0\r\nEND\r\n",
                "$28\r\ntotal_timedout_clients: idle\r\n",
                "+OK unexpected guests: none\r\n"
            })
    void countsAreNoComplaint(String answer) {
        assertThat(meaning("", answer)).isEmpty();
    }

    /// After an answer, the server complains in a line of its own.
    @Test
    void aComplaintMayFollowAGoodAnswer() {
        assertThat(meaning("", "+OK\r\n-ERR max number of clients reached\r\n"))
                .contains(Cause.CONNECTION_LIMIT);
        assertThat(meaning("", "+OK 2 messages\r\n-ERR Disconnected for inactivity\r\n"))
                .contains(Cause.IDLE_TIMEOUT);
    }

    @Test
    void bytesWithoutWordsSayNothing() {
        assertThat(meaning("", "\1idl\2out\3bad\4")).isEmpty();
    }

    @Test
    void goAwayHasAnErrorCode() {
        String frame = "\0\0\10\7\0\0\0\0\0" + "\0\0\0\0" + "\0\0\0";

        assertThat(meaning("", frame + "\6")).contains(Cause.PROTOCOL_VIOLATION);
        assertThat(meaning("", frame + "\13")).contains(Cause.RATE_LIMIT);
        assertThat(meaning("", frame + "\0")).isEmpty();
    }

    private static Optional<Cause> meaning(String http, String message) {
        Payload said = payload(message);
        return LastWords.of(payload(http), said, said).map(LastWords.Meaning::cause);
    }

    private static Payload payload(String text) {
        return new Payload(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
